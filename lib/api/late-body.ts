import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';

type OnResponse = (response: IncomingMessage) => void;

/**
 * A request's body that leaves only once the connection is made. Node sends the headers with the body,
 * so that nothing at all was sent before.
 */
export class LateBody {
  readonly data = new Readable({ read() {} });
  readonly headers: Readonly<Record<string, string>>;

  /** For axios, in the place of `node:http`. */
  readonly transport = {
    request: (options: RequestOptions, onResponse: OnResponse): ClientRequest => {
      const request = (options.protocol === 'https:' ? https : http).request(options, onResponse);
      request.once('socket', (socket) => {
        if (isConnected(socket)) this.send();
        else socket.once(isTls(socket) ? 'secureConnect' : 'connect', () => this.send());
      });
      return request;
    },
  };

  /** @param maySend asked last, right before the request is written to the socket */
  constructor(
    private readonly body: string,
    private readonly maySend: () => boolean,
  ) {
    this.headers = { 'Content-Length': String(Buffer.byteLength(body)) };
  }

  private send(): void {
    if (!this.maySend()) return;
    this.data.push(this.body);
    this.data.push(null);
  }
}

function isTls(socket: Socket): socket is TLSSocket {
  return 'getProtocol' in socket;
}

function isConnected(socket: Socket): boolean {
  // Behind a proxy, the TCP connection is made before the handshake. The property isn't in Node's typings.
  return !socket.connecting && Reflect.get(socket, 'secureConnecting') !== true;
}
