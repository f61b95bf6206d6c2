import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';

const THIS_MACHINE = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/** Who may see the dashboard: here, whoever is on this machine. A real app asks who is signed in. */
@Injectable()
export class LocalGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { ip } = context.switchToHttp().getRequest<{ ip: string }>();
    return THIS_MACHINE.has(ip);
  }
}
