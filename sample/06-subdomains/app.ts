import { Controller, Get, Header, Inject, Module, type DynamicModule } from '@nestjs/common';
import type { Hosts } from './hosts.js';

/** The front end. It knows nothing of Partnero. */
@Controller('signup')
class SignUpController {
  constructor(@Inject('HOSTS') private readonly hosts: Hosts) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  form(): string {
    return `<!doctype html><title>Sign up</title>
      <h1>Sign up</h1>
      <form>
        <label>E-mail <input name="email" type="email" required></label>
        <button>Sign up</button>
      </form>
      <p id="answer"></p>
      <script>
        document.forms[0].addEventListener('submit', async (event) => {
          event.preventDefault();
          const body = JSON.stringify(Object.fromEntries(new FormData(event.target)));
          const response = await fetch('${this.hosts.api}/accounts', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            credentials: 'include', // else the cookie stays here
            body,
          });
          document.getElementById('answer').textContent = 'Welcome, ' + (await response.json()).id;
        });
      </script>`;
  }
}

@Module({ controllers: [SignUpController] })
export class FrontEndModule {
  static with(hosts: Hosts): DynamicModule {
    return { module: FrontEndModule, providers: [{ provide: 'HOSTS', useValue: hosts }] };
  }
}
