export { grantPacedSlice } from './grant-paced-slice.js';
export {
  type Grant,
  grantChanges,
  grantColumns,
  grantConditions,
  grantOf,
  type GrantRow,
  grantSlice,
  grantValues,
  type SliceRequest,
} from './grant-slice.js';
