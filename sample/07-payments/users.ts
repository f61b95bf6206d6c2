import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';

export interface User {
  readonly id: string;
  readonly email: string;
}

/** Where a real app has its database. */
@Injectable()
export class Users {
  create(email: string): User {
    return { id: randomUUID(), email };
  }
}
