package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddr is the address of the browser: that of the connection, unless it is one of our proxies. Each proxy adds
// whom it was called by at the end of X-Forwarded-For, so the last address there that is no proxy of ours is the
// browser's; what stands before it the browser may have written. The address is zero when there is none to go by.
func clientAddr(r *http.Request, proxies []netip.Prefix) netip.Addr {
	addr := plainAddr(r.RemoteAddr)
	ours := func(addr netip.Addr) bool {
		return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
	}
	hops := r.Header.Values("X-Forwarded-For")
	for i := len(hops) - 1; i >= 0 && ours(addr); i-- {
		for rest, hop := hops[i], ""; rest != "" && ours(addr); {
			comma := strings.LastIndexByte(rest, ',')
			rest, hop = rest[:max(comma, 0)], rest[comma+1:]
			next := plainAddr(strings.TrimSpace(hop))
			if !next.IsValid() { // what a proxy of ours was called by is not known: it stands for all of them
				return addr
			}
			addr = next
		}
	}
	return addr
}

// plainAddr reads an address with or without a port, as proxies write it.
func plainAddr(text string) netip.Addr {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap().WithZone("")
	}
	addr, _ := netip.ParseAddr(strings.Trim(text, "[]")) // zero when it is none
	return addr.Unmap().WithZone("")
}
