import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const running = new Set<TcpProxy>();

/** Stands between a client and a server on this machine, and can get in the way. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private refuses = false;
  private isMute = false;

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

  /** Forwards to that port from now on; what was connected before is cut. */
  retarget(port: number): void {
    this.target = port;
    this.refuses = false;
    this.cut();
  }

  async end(): Promise<void> {
    running.delete(this);
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private forward(incoming: Socket): void {
    if (this.refuses) return void incoming.destroy();
    const outgoing = connect(this.target, '127.0.0.1');
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      this.sockets.add(one);
      one.on('data', (data: Buffer) => {
        if (!(this.isMute && one === outgoing)) other.write(data);
      });
      one.on('error', () => {});
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
    }
  }
}

/** For `afterEach`. */
export async function endProxies(): Promise<void> {
  await Promise.all([...running].map((proxy) => proxy.end()));
}
