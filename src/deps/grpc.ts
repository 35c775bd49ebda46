import grpc from "npm:@grpc/grpc-js@1.14.7";

/** gRPC itself, as `rocketmq-client-nodejs` uses it: one package, one connection pool. */
export const {
  ChannelCredentials,
  connectivityState,
  Metadata,
  Server,
  ServerCredentials,
  status: GrpcStatus,
} = grpc;
export type {
  ChannelCredentials as GrpcCredentials,
  ChannelOptions,
  ClientDuplexStream,
  ClientReadableStream,
  ClientUnaryCall,
  Metadata as GrpcMetadata,
  ServiceError,
  StatusObject,
} from "npm:@grpc/grpc-js@1.14.7";
