import { CustomerFieldsDto } from './customer-fields.dto.js';

/**
 * What *update customer* may change in a refer-a-friend program; what is absent stays.
 * @see https://docs.partnero.com (Refer-a-friend, Customers, "Update customer")
 */
export class UpdateReferAFriendCustomerDto extends CustomerFieldsDto {}
