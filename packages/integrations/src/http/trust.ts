import { invalidType, outOfRange } from "@hother/cancelable/extending";

/** A list of addresses, as `node:net` has it. */
interface AddressList {
  addAddress(address: string, family: "ipv4" | "ipv6"): void;
  addSubnet(network: string, prefix: number, family: "ipv4" | "ipv6"): void;
  check(address: string, family: "ipv4" | "ipv6"): boolean;
}

/** The part of `node:net` that this file uses. It is loaded when a list is given: other hosts do not have it. */
interface Net {
  readonly BlockList: new () => AddressList;
  isIP(address: string): number;
}

/**
 * Returns a function that says whether an address is in a list of addresses and subnets, such as `10.0.0.0/8`. An IPv4 address
 * that is written as IPv6 (`::ffff:10.0.0.1`) counts as the IPv4 address.
 *
 * @throws TypeError or RangeError for an entry that is no address and no subnet.
 */
export function addressMatcher(
  list: readonly unknown[],
  argument: string,
): (address: string | undefined) => boolean {
  const host = globalThis as { readonly process?: { getBuiltinModule?(name: string): unknown } };
  const net = host.process?.getBuiltinModule?.("node:net") as Net | undefined; // the module's interface
  if (net === undefined)
    throw new TypeError(
      `${argument}: a list of addresses needs node:net, which this host does not have; pass a function`,
    );
  const familyOf = (address: string) =>
    net.isIP(address) === 4 ? "ipv4" : net.isIP(address) === 6 ? "ipv6" : undefined;
  const addresses = new net.BlockList();
  for (const [index, entry] of list.entries()) {
    const at = `${argument}[${index}]`;
    if (typeof entry !== "string")
      throw invalidType(at, 'an address, or a subnet such as "10.0.0.0/8"', entry);
    const [address = "", prefix, ...rest] = entry.split("/");
    const family = familyOf(address);
    const most = family === "ipv4" ? 32 : 128;
    const isSubnet = prefix !== undefined && /^\d{1,3}$/.test(prefix) && Number(prefix) <= most;
    if (family === undefined || rest.length > 0 || (prefix !== undefined && !isSubnet))
      throw outOfRange(at, 'an address, or a subnet such as "10.0.0.0/8"', entry);
    if (prefix === undefined) addresses.addAddress(address, family);
    else addresses.addSubnet(address, Number(prefix), family);
  }
  return (address) => {
    if (address === undefined) return false;
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
    const family = familyOf(plain);
    return family !== undefined && addresses.check(plain, family);
  };
}
