import { ProbeClient } from '#libs/providers/kinds';
import { describeProviderContract } from '../support/provider-contract.js';
import { sentOnce } from '../support/sent-once.js';

describeProviderContract('The HTTP client', (url, timeoutMs) => {
  const client = new ProbeClient({ url, token: 'abcdefghijklmnop', connections: 2, timeoutMs });
  return { send: (message, options) => sentOnce(client, message, options), close: () => client.close() };
});
