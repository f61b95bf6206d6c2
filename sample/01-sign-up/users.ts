import { randomUUID } from 'node:crypto';
import { ConflictException, Injectable } from '@nestjs/common';

export interface User {
  readonly id: string;
  readonly email: string;
  readonly name: string;
}

/** Where a real app has its database. */
@Injectable()
export class Users {
  private readonly all: User[] = [];

  find(id: string): User | undefined {
    return this.all.find((user) => user.id === id);
  }

  /** @throws ConflictException if the address is taken: such a sign-up isn't attributed */
  create({ email, name }: { email: string; name: string }): User {
    if (this.all.some((user) => user.email === email)) {
      throw new ConflictException('There is an account with this address already.');
    }
    const user = { id: randomUUID(), email, name };
    this.all.push(user);
    return user;
  }
}
