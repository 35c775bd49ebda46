// The contract of the service bank.Payments, made of its .proto files: do not edit.
import {
  contractFromProto,
  type OneOf,
  type ProtoFiles,
  type ProtoMethod,
  type ProtoOneway,
  type ProtoStream,
  type Service,
} from "rocket-actors/protobuf";

/** The message bank.Money. */
export interface Money {
  readonly cents: bigint;
  readonly currency: Currency;
}

/** The enum bank.Currency. Values without a name are numbers. */
export type Currency = "EUR" | "CHF" | number;

/** The message bank.Transfer. */
export type Transfer =
  & {
    readonly from: string;
    readonly amount?: Money;
  }
  & OneOf<{
    readonly account: string;
    readonly phone: string;
  }>;

/** The message bank.Receipt. */
export interface Receipt {
  readonly id: string;
  /** What is left, by currency. */
  readonly balances: ReadonlyMap<string, bigint>;
}

/** The message bank.InsufficientFunds. */
export interface InsufficientFunds {
  readonly missing: bigint;
}

/** The message bank.Notice. */
export interface Notice {
  readonly text: string;
  readonly at?: google_protobuf_Timestamp;
}

/** The message google.protobuf.Timestamp. */
export interface google_protobuf_Timestamp {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** The message bank.Account. */
export interface Account {
  readonly id: string;
}

/** The methods of bank.Payments. */
export interface PaymentsMethods {
  /** What a transfer costs. */
  readonly quote: ProtoMethod<Money, Money>;
  /** Sends money; transfers from one account keep their order. */
  readonly send: ProtoMethod<
    Transfer,
    Receipt,
    { InsufficientFunds: InsufficientFunds }
  >;
  /** Tells somebody. */
  readonly notify: ProtoOneway<Notice>;
  /** What was sent from an account, oldest first. */
  readonly history: ProtoStream<Account, Transfer>;
}

/** The files that the contract is made of. */
export const paymentsFiles: ProtoFiles = {
  "protobuf/payments.proto": `syntax = "proto3";

package bank;

import "google/protobuf/empty.proto";
import "google/protobuf/timestamp.proto";
import "rocket_actors/options.proto";

enum Currency {
  EUR = 0;
  CHF = 1;
}

message Money {
  int64 cents = 1;
  Currency currency = 2;
}

message Transfer {
  string from = 1;
  Money amount = 2;
  // Where to: one of these.
  oneof to {
    string account = 3;
    string phone = 4;
  }
}

message Receipt {
  string id = 1;
  // What is left, by currency.
  map<string, int64> balances = 2;
}

message InsufficientFunds {
  int64 missing = 1;
}

message Account {
  string id = 1;
}

message Notice {
  string text = 1;
  google.protobuf.Timestamp at = 2;
}

// The bank's payments, whatever language serves or calls them.
service Payments {
  // What a transfer costs.
  rpc Quote (Money) returns (Money) {
    option idempotency_level = NO_SIDE_EFFECTS;
  }
  // Sends money; transfers from one account keep their order.
  rpc Send (Transfer) returns (Receipt) {
    option idempotency_level = IDEMPOTENT;
    option (rocket_actors.key) = "from";
    option (rocket_actors.error) = { details: "InsufficientFunds" };
  }
  // Tells somebody.
  rpc Notify (Notice) returns (google.protobuf.Empty) {
    option (rocket_actors.oneway) = true;
  }
  // What was sent from an account, oldest first.
  rpc History (Account) returns (stream Transfer) {
    option idempotency_level = NO_SIDE_EFFECTS;
  }
}
`,
};

/** The bank's payments, whatever language serves or calls them. */
export const Payments: Service<PaymentsMethods> = contractFromProto(
  paymentsFiles,
  { service: "bank.Payments" },
);
