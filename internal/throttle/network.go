package throttle

import "net/netip"

// A tier is how wide a net is cast around an IPv6 address. Whoever has one address has a /64, a site often a /56 or
// a /48; each wider one may do factor times as much.
type tier struct{ bits, factor int }

// tiers6 are the tiers of an IPv6 address, the narrowest first.
func tiers6() []tier { return []tier{{64, 1}, {56, 4}, {48, 16}} }

// nets are the networks that an address belongs to, with how much each may do: none for the zero address.
func nets(addr netip.Addr) (prefixes []netip.Prefix, factors []int) {
	addr = addr.Unmap().WithZone("")
	switch {
	case !addr.IsValid():
	case addr.Is4():
		return []netip.Prefix{netip.PrefixFrom(addr, 32)}, []int{1}
	default:
		for _, tier := range tiers6() {
			prefix, _ := addr.Prefix(tier.bits) // cannot fail: the address has 128
			prefixes, factors = append(prefixes, prefix), append(factors, tier.factor)
		}
	}
	return prefixes, factors
}

// Site is the network that an address has its turn with: an IPv4 address, or the widest tier of an IPv6 address. It is
// "" for the zero address.
func Site(addr netip.Addr) string {
	prefixes, _ := nets(addr)
	if len(prefixes) == 0 {
		return ""
	}
	return prefixes[len(prefixes)-1].String()
}
