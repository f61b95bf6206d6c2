/** Whether the payment provider is connected in Partnero (Program → Integration). */
export const CONNECTED = Symbol('connected');
