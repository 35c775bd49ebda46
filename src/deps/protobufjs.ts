export {
  common,
  Enum,
  type Field,
  type INamespace,
  MapField,
  Namespace,
  parse,
  Root,
  Type,
  util,
  Writer,
} from "npm:protobufjs@8.8.1";
