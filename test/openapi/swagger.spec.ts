import { Body, Controller, Post } from '@nestjs/common';
import { ApiProperty, DocumentBuilder, PickType, SwaggerModule } from '@nestjs/swagger';
import { IsBoolean, IsOptional } from 'class-validator';
import * as api from 'nestjs-partnero';
import { CreatePartnerDto, CreateTransactionDto } from 'nestjs-partnero';
import { closeApps, startApp } from '../support/app.js';

type Class = new () => object;

class JoinDto extends CreatePartnerDto {
  @IsOptional()
  @IsBoolean()
  newsletter?: boolean;

  @ApiProperty({ description: 'Where we write to' })
  override email = '';
}

class PartnerEmailDto extends PickType(CreatePartnerDto, ['email']) {}

@Controller()
class PartnersController {
  @Post('partners')
  create(@Body() dto: CreatePartnerDto) {
    return dto;
  }

  @Post('join')
  join(@Body() dto: JoinDto) {
    return dto;
  }

  @Post('email')
  email(@Body() dto: PartnerEmailDto) {
    return dto;
  }
}

/** The document of an app with these controllers. */
async function documentOf(controllers: Class[], extraModels: Class[] = []) {
  const { app } = await startApp({ controllers });
  const config = new DocumentBuilder().build();
  return SwaggerModule.createDocument(app, config, { extraModels });
}

afterEach(closeApps);

describe('the document of @nestjs/swagger', () => {
  it('has the properties of a DTO of this package, inherited ones too', async () => {
    const { components, paths } = await documentOf([PartnersController]);
    expect(components?.schemas?.['CreatePartnerDto']).toEqual({
      type: 'object',
      properties: {
        email: { type: 'string' },
        id: { type: 'string' },
        key: { type: 'string' },
        name: { type: 'string' },
        surname: { type: 'string' },
        password: { type: 'string' },
        tags: { type: 'array', items: { type: 'string' } },
        referring_partner: { $ref: '#/components/schemas/PartnerReferenceDto' },
      },
      required: ['email'],
    });
    expect(paths['/partners']?.post?.requestBody).toMatchObject({
      content: {
        'application/json': { schema: { $ref: '#/components/schemas/CreatePartnerDto' } },
      },
    });
  });

  it('has money with its fields, and neither amount nor reward as required', async () => {
    const { components } = await documentOf([], [CreateTransactionDto]);
    expect(components?.schemas?.['CreateTransactionDto']).toMatchObject({
      properties: {
        amount: { type: 'object', properties: { amount: { type: 'string', example: '49.00' } } },
        created_at: { type: 'string', format: 'date-time' },
        customer: { $ref: '#/components/schemas/BuyerDto' },
      },
      required: ['customer'],
    });
  });

  it('has the properties that a DTO of the app adds, describes or picks', async () => {
    const { components } = await documentOf([PartnersController]);
    expect(components?.schemas?.['JoinDto']).toMatchObject({
      properties: {
        newsletter: { type: 'boolean' },
        email: { type: 'string', description: 'Where we write to' },
        tags: { type: 'array' },
      },
      required: ['email'],
    });
    expect(components?.schemas?.['PartnerEmailDto']).toEqual({
      type: 'object',
      properties: { email: { type: 'string' } },
      required: ['email'],
    });
  });

  const dtos = Object.entries(api).filter(([name]) => name.endsWith('Dto')) as [string, Class][];

  it.each(dtos)('has the properties of %s', async (name, dto) => {
    const { components } = await documentOf([], [dto]);
    const { properties = {} } = components!.schemas![name] as { properties?: object };
    expect(Object.keys(properties)).not.toEqual([]);
    for (const property of Object.values(properties)) {
      expect(property.type ?? property.$ref ?? property.allOf).toBeDefined();
    }
  });
});
