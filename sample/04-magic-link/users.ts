import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable, NotFoundException } from '@nestjs/common';

/** Somebody who has yet to open the link in the mail. */
export interface PendingUser {
  readonly email: string;
  /** The referral, as a token; empty if nobody referred this visitor. */
  readonly referralToken: string;
}

export interface User {
  readonly id: string;
  readonly email: string;
}

/** Where a real app has its database. */
@Injectable()
export class Users {
  private readonly pending = new Map<string, PendingUser>();

  /** The secret that the link holds. */
  invite(user: PendingUser): string {
    const secret = randomBytes(16).toString('base64url');
    this.pending.set(secret, user);
    return secret;
  }

  /** Makes the account. @throws NotFoundException if the link was used already */
  confirm(secret: string): { user: User; pending: PendingUser } {
    const pending = this.pending.get(secret);
    if (!pending) throw new NotFoundException('This link is used up.');
    this.pending.delete(secret);
    return { user: { id: randomUUID(), email: pending.email }, pending };
  }
}
