import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const running = new Set<TcpProxy>();

interface Trap {
  readonly text: string;
  readonly from: 'client' | 'server';
  /** What the server has to say first. */
  after?: string | undefined;
}

/** Stands between a client and a server on this machine, and can get in the way. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private refuses = false;
  private isMute = false;
  /** What is still to happen to the first that says such a text. */
  private readonly traps: Trap[] = [];
  private readonly late: (() => void)[] = [];

  private constructor(
    private readonly server: Server,
    private target: number,
  ) {}

  static async start(target: number): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new TcpProxy(server, target);
    server.on('connection', (socket) => proxy.forward(socket));
    running.add(proxy);
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Ends every connection, whatever is under way on it. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Cuts, and takes no connection any more. */
  refuse(): void {
    this.refuses = true;
    this.cut();
  }

  /** What the server says from now on gets lost; it still hears everything. */
  mute(): void {
    this.isMute = true;
  }

  /** Connections that have missed an answer are of no use any more. */
  unmute(): void {
    this.isMute = false;
    this.cut();
  }

  /** Cuts the connection on which the server is about to say that, once: it has done what it was asked. */
  loseAnswer(text: string): void {
    this.traps.push({ text, from: 'server' });
  }

  /**
   * Cuts the connection on which a client says that, once; the server hears it later.
   * @param after the server has to say this first
   */
  holdBack(text: string, after?: string): void {
    this.traps.push({ text, from: 'client', after });
  }

  /** Whether everything that was to happen to somebody has happened. */
  get hasCaught(): boolean {
    return this.traps.length === 0;
  }

  /** Now the server hears what was held back. */
  letThrough(): void {
    for (const say of this.late.splice(0)) say();
  }

  /** Forwards to that port from now on; what was connected before is cut. */
  retarget(port: number): void {
    this.redirect(port);
    this.cut();
  }

  /** The same, and what is connected stays so. */
  redirect(port: number): void {
    this.target = port;
    this.refuses = false;
  }

  async end(): Promise<void> {
    running.delete(this);
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private forward(incoming: Socket): void {
    if (this.refuses) return void incoming.destroy();
    const outgoing = connect(this.target, '127.0.0.1');
    let heldBack = false;
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      this.sockets.add(one);
      one.on('data', (data: Buffer) => {
        const from = one === incoming ? 'client' : 'server';
        if (this.isCaught(data, from)) {
          heldBack = from === 'client';
          if (heldBack) this.late.push(() => outgoing.end(data));
          incoming.destroy();
        } else if (!(this.isMute && from === 'server')) {
          other.write(data);
        }
      });
      one.on('error', () => {});
      one.on('close', () => {
        this.sockets.delete(one);
        if (!heldBack) other.destroy();
      });
    }
  }

  private isCaught(data: Buffer, from: Trap['from']): boolean {
    const at = this.traps.findIndex(
      (trap) => !trap.after && trap.from === from && data.includes(trap.text),
    );
    for (const trap of from === 'server' ? this.traps : []) {
      if (trap.after && data.includes(trap.after)) trap.after = undefined;
    }
    if (at >= 0) this.traps.splice(at, 1);
    return at >= 0;
  }
}

/** For `afterEach`. */
export async function endProxies(): Promise<void> {
  await Promise.all([...running].map((proxy) => proxy.end()));
}
