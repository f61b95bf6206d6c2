// What the snippets of README and docs assume: an app with users.
import { Injectable } from '@nestjs/common';

export class SignupDto {
  email!: string;
}

export interface User {
  id: string;
  email: string;
  invitedBy?: string;
}

/** Of the app's database. */
export class UserEntity {
  id!: string;
  email!: string;
}

/** Of `@prisma/client`, generated for a schema with users. */
export declare class PrismaService {
  $transaction<T>(work: (tx: PrismaTransaction) => Promise<T>): Promise<T>;
}

interface PrismaTransaction {
  readonly user: { create(given: { data: { id: string; email: string } }): Promise<User> };
  $queryRawUnsafe(sql: string, ...params: unknown[]): Promise<unknown>;
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

export interface AuthEvent {
  type: string;
  user: User & { metadata: { referralToken?: string } };
}

export interface RedirectingResponse {
  redirect(to: string): void;
}

@Injectable()
export class OauthProvider {
  nonce(): string {
    return 'nonce';
  }

  urlWith({ state }: { state: string }): string {
    return `https://provider.example/authorize?state=${encodeURIComponent(state)}`;
  }
}

@Injectable()
export class Users {
  private readonly pending = new Map<string, PendingUser>();

  create({ email }: SignupDto): Promise<User> {
    return Promise.resolve({ id: `user-${email}`, email });
  }

  async open(dto: SignupDto): Promise<Account> {
    return { owner: await this.create(dto), isNew: !dto.email.startsWith('old') };
  }

  async fromGoogle(dto: SignupDto): Promise<{ user: User; isNew: boolean }> {
    return { user: await this.create(dto), isNew: !dto.email.startsWith('old') };
  }

  /** The secret of the link. */
  async invite(given: { email: string; referralToken: string }): Promise<{ secret: string }> {
    const secret = `secret-${given.email}`;
    this.pending.set(secret, { ...(await this.create(given)), ...given });
    return { secret };
  }

  async confirm(secret: string): Promise<PendingUser> {
    return this.pending.get(secret)!;
  }
}

export interface Commission {
  sale: string | undefined;
  customer: string | undefined;
  amount: number | undefined;
}

@Injectable()
export class Commissions {
  readonly all: Commission[] = [];

  save(commission: Commission): Promise<void> {
    this.all.push(commission);
    return Promise.resolve();
  }

  remove(sale: string | undefined): Promise<void> {
    this.all.splice(0, this.all.length, ...this.all.filter((each) => each.sale !== sale));
    return Promise.resolve();
  }
}
