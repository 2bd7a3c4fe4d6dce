/** Who asks, where a proxy of the owner stands between. */
import { addressIn, type Networks } from "../../ip_network.ts";

export interface ForwardedRequest {
  /** The other end of the connection. */
  peer: string;
  /** `X-Forwarded-For` as it came: each proxy adds whom it was asked by to the end. */
  forwardedFor: string | undefined;
}

/** The last address that no proxy of ours could vouch for. Whatever stands before it may be made up. */
export function clientAddress({ peer, forwardedFor }: ForwardedRequest, trusted: Networks): string {
  const path = (forwardedFor ?? "").split(",").map((one) => one.trim());
  let address = addressIn(peer) ?? peer;
  while (trusted.has(address)) {
    const before = addressIn(path.pop() ?? "");
    if (before === null) return address;
    address = before;
  }
  return address;
}
