// What the README's snippets take for granted: the users of an app.
import { Injectable } from '@nestjs/common';

export class SignupDto {
  email!: string;
}

export interface User {
  id: string;
  email: string;
}

export interface Account {
  owner: User;
  isNew: boolean;
}

export interface PendingUser extends User {
  referralToken: string;
}

export interface GoogleRequest {
  user: { email: string };
}

export interface RedirectingResponse {
  redirect(to: string): void;
}

@Injectable()
export class Users {
  create({ email }: SignupDto): Promise<User> {
    return Promise.resolve({ id: `user-${email}`, email });
  }

  async open(dto: SignupDto): Promise<Account> {
    return { owner: await this.create(dto), isNew: !dto.email.startsWith('old') };
  }

  async fromGoogle(dto: SignupDto): Promise<{ user: User; isNew: boolean }> {
    return { user: await this.create(dto), isNew: !dto.email.startsWith('old') };
  }
}
