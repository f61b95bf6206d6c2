import { ApiResource } from '../api.resource.js';
import type { CallOptions } from '../call-options.js';

/** What customers of both kinds of program have in common. */
export abstract class CustomersBaseResource<TCustomer extends object> extends ApiResource {
  /**
   * `GET /customers/{key}`, in a refer-a-friend program `{id}`. May find by id or e-mail too: compare
   * the key of what is answered. [docs][php][n8n]
   * @throws PartneroError `not_found`
   */
  get(key: string, options: CallOptions = {}): Promise<TCustomer> {
    return this.read({ path: ['customers', key] }, options);
  }

  /**
   * `DELETE /customers/{key}`: for good. [n8n][php][py][wp]
   * @throws PartneroError `not_found`
   */
  delete(key: string, options: CallOptions = {}): Promise<void> {
    const path = ['customers', key];
    return this.carryOut({ method: 'DELETE', path, doneIf: 'not_found' }, options);
  }
}
