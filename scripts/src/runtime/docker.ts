// All that the lab asks of the engine; nothing outside this folder imports dockerode.
export { connect, type Endpoint, endpoint } from "./docker/connection.ts";
export {
  type ContainerQuery,
  type ExecResult,
  exec,
  type Health,
  inspect,
  kill,
  type LabContainer,
  labContainers,
  publishersOf,
  remove,
  start,
  stop,
  unpause,
} from "./docker/containers.ts";
export {
  attachedTo,
  type EngineInfo,
  engineInfo,
  ping,
  projectLeftovers,
  removeNetwork,
  removeVolume,
  stats,
} from "./docker/engine-info.ts";
export {
  findImage,
  importImage,
  type PullProgress,
  pullImage,
  removeImage,
  type StoredImage,
  tagImage,
} from "./docker/image-store.ts";
export { type LogQuery, logLines, logText } from "./docker/logs.ts";
