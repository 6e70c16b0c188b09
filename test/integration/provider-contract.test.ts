import { ProviderClient } from '#libs/provider';
import { describeProviderContract } from '../support/provider-contract.js';

describeProviderContract(
  'The HTTP client',
  (url, timeoutMs) => new ProviderClient({ url, token: 'abcdefghijklmnop', connections: 2, timeoutMs }),
);
