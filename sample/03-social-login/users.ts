import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';

/** The profile that a provider sends. */
export interface Person {
  readonly email: string;
  readonly name: string;
}

/** An account, and whether it was made just now. */
export interface SignedInUser extends Person {
  readonly id: string;
  readonly isNew: boolean;
}

/** Where a real app has its database. */
@Injectable()
export class Users {
  private readonly ids = new Map<string, string>();

  enter({ email, name }: Person): SignedInUser {
    const known = this.ids.get(email);
    const id = known ?? randomUUID();
    this.ids.set(email, id);
    return { id, email, name, isNew: known === undefined };
  }
}
