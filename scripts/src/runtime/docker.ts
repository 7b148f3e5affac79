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
  passesProbe,
  publishersOf,
  remove,
  start,
  stop,
  unpause,
} from "./docker/containers.ts";
export {
  attachedTo,
  type ContainerUsage,
  type EngineInfo,
  engineInfo,
  ping,
  projectLeftovers,
  removeNetwork,
  removeVolume,
  stats,
} from "./docker/engine-info.ts";
export { type ExecSession, openExec } from "./docker/exec-session.ts";
export {
  findImage,
  importImage,
  type PullProgress,
  pullImage,
  removeImage,
  type StoredImage,
  tagImage,
} from "./docker/image-store.ts";
export { allCores, coreRange, cpuLimit, cpuSet, limitCpus, pinCpus } from "./docker/limits.ts";
export { type LogQuery, logLines, logText } from "./docker/logs.ts";
export { detach } from "./docker/networks.ts";
