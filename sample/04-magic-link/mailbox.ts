import { Injectable } from '@nestjs/common';

export interface Mail {
  readonly to: string;
  readonly link: string;
}

/** Where a real app sends e-mail. Read it at /mailbox. */
@Injectable()
export class Mailbox {
  readonly mails: Mail[] = [];

  send(mail: Mail): void {
    this.mails.push(mail);
  }
}
