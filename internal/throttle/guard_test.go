package throttle_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"cognito-enroll/internal/throttle"
)

// tries is how many of n tries are let through.
func tries(n int, try func(i int) time.Duration) (allowed int) {
	for i := range n {
		if try(i) == 0 {
			allowed++
		}
	}
	return allowed
}

func TestRulesForPasswords(t *testing.T) {
	now := newClock()
	guard := throttle.NewGuard(throttle.GuardOptions{Now: now.Now})
	rule := throttle.Passwords()
	v4 := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}) }
	try := func(who throttle.Who) time.Duration { return guard.Try(t.Context(), rule, who) }

	strangers := tries(10_000, func(i int) time.Duration {
		now.advance(time.Hour / 10_000)
		return try(throttle.Who{Account: "ada", Network: v4(i)})
	})
	if strangers != 11 {
		t.Errorf("of 10,000 networks in an hour %d tried one account, want 11", strangers)
	}
	owner := throttle.Who{Account: "ada", Device: "phone", Network: v4(1)}
	if wait := try(owner); wait != 0 {
		t.Errorf("the owner's known browser has to wait %s", wait)
	}
	if try(throttle.Who{Account: "ADA", Network: v4(1)}) == 0 {
		t.Error("another spelling of the account has tries of its own")
	}
	if wait := try(throttle.Who{Account: "grace", Network: v4(1)}); wait != 0 {
		t.Errorf("another account has to wait %s", wait)
	}
	known := tries(1000, func(int) time.Duration { return try(owner) })
	if known > 10 {
		t.Errorf("a known browser tried %d times at once, want at most 10", known)
	}
}

// One network fails thirty times at once, whatever accounts it tries, and then no more than every other minute. A /64
// is one network; a /56 may fail four times as often, a /48 sixteen times. Success costs a network nothing.
func TestANetworksFailures(t *testing.T) {
	for name, test := range map[string]struct {
		addr func(i int) string
		want int
	}{
		"one IPv4 address":           {func(int) string { return "192.0.2.1" }, 30},
		"one IPv4 address, as IPv6":  {func(int) string { return "::ffff:192.0.2.1" }, 30},
		"100,000 addresses of a /64": {func(i int) string { return fmt.Sprintf("2001:db8:1:2::%x:%x", i>>16, i&0xffff) }, 30},
		"every /64 of a /56":         {func(i int) string { return fmt.Sprintf("2001:db8:1:%x::1", i%256) }, 120},
		"every /64 of a /48":         {func(i int) string { return fmt.Sprintf("2001:db8:1:%x::1", i%65536) }, 480},
	} {
		guard := throttle.NewGuard(throttle.GuardOptions{Now: newClock().Now})
		failed := tries(100_000, func(i int) time.Duration {
			who := throttle.Who{Account: fmt.Sprint("user", i), Network: netip.MustParseAddr(test.addr(i))}
			wait := guard.Try(t.Context(), throttle.Passwords(), who)
			if wait == 0 {
				guard.Failed(t.Context(), throttle.Passwords(), who)
			}
			return wait
		})
		if failed != test.want {
			t.Errorf("%s: %d of 100,000 wrong passwords went through, want %d", name, failed, test.want)
		}
	}

	guard := throttle.NewGuard(throttle.GuardOptions{Now: newClock().Now})
	office := netip.MustParseAddr("192.0.2.1")
	right := tries(5000, func(i int) time.Duration {
		return guard.Try(t.Context(), throttle.Passwords(), throttle.Who{Account: fmt.Sprint("user", i), Network: office})
	})
	if right != 5000 {
		t.Errorf("of 5,000 colleagues behind one address %d signed in", right)
	}
}

// All strangers together fail six hundred times at once; then everybody whom nobody knows waits a moment.
func TestEveryonesFailures(t *testing.T) {
	guard := throttle.NewGuard(throttle.GuardOptions{Now: newClock().Now})
	var wait time.Duration
	failed := tries(10_000, func(i int) time.Duration {
		who := throttle.Who{Account: fmt.Sprint("user", i), Network: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})}
		if wait = guard.Try(t.Context(), throttle.Passwords(), who); wait == 0 {
			guard.Failed(t.Context(), throttle.Passwords(), who)
		}
		return wait
	})
	if failed != 600 || wait > time.Second {
		t.Errorf("%d went through, the others wait %s; want 600, and a moment", failed, wait)
	}
	if wait := guard.Try(t.Context(), throttle.Passwords(), throttle.Who{Account: "ada", Device: "phone"}); wait != 0 {
		t.Errorf("a known browser has to wait %s", wait)
	}
}

// However many names strangers invent, from wherever, three hundred codes are asked for at once and thirty a second after
// that; the others leave no number behind. The owner's known browser is not kept waiting by them.
func TestInventedNames(t *testing.T) {
	now, counter := newClock(), throttle.NewLocal()
	guard := throttle.NewGuard(throttle.GuardOptions{Counter: counter, Now: now.Now})
	flood := func(n int) int {
		return tries(n, func(i int) time.Duration {
			who := throttle.Who{Account: fmt.Sprint("invented", now.Now().Unix(), i)} // from one network behind a proxy, or from ten thousand
			return guard.Try(t.Context(), throttle.Mails(), who)
		})
	}
	if got := flood(10_000); got != 300 {
		t.Errorf("%d at once, want 300", got)
	}
	now.advance(time.Second)
	if got := flood(10_000); got != 30 {
		t.Errorf("%d in the next second, want 30", got)
	}
	if got := counter.Len(); got > 331 {
		t.Errorf("%d numbers are kept, want one for each that was let through", got)
	}
	if wait := guard.Try(t.Context(), throttle.Mails(), throttle.Who{Account: "ada", Device: "phone"}); wait != 0 {
		t.Errorf("a known browser has to wait %s", wait)
	}
	if wait := guard.Try(t.Context(), throttle.Mails(), throttle.Who{Account: "ada"}); wait == 0 || wait > time.Second {
		t.Errorf("an unknown one waits %s, want a moment", wait)
	}
}

// A rule says what it is for in limits that allow something.
func TestRules(t *testing.T) {
	names := map[string]bool{}
	for _, rule := range []throttle.Rule{
		throttle.Passwords(), throttle.Codes(), throttle.Mails(), throttle.Calls(), throttle.Lookups(), throttle.Applications(), throttle.Desk(), throttle.Forms(),
	} {
		if rule.Name == "" || names[rule.Name] {
			t.Errorf("name %q is none, or taken", rule.Name)
		}
		names[rule.Name] = true
		guard := throttle.NewGuard(throttle.GuardOptions{Now: newClock().Now})
		who := throttle.Who{Account: "ada", Network: netip.MustParseAddr("192.0.2.1")}
		allowed := tries(5000, func(int) time.Duration {
			wait := guard.Try(t.Context(), rule, who)
			if wait == 0 {
				guard.Failed(t.Context(), rule, who)
			}
			return wait
		})
		if allowed < 3 || allowed > 1000 {
			t.Errorf("%s: %d of 5,000 at once", rule.Name, allowed)
		}
	}
}

func TestSites(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "::ffff:192.0.2.1": "192.0.2.1/32", "2001:db8:1:2::3": "2001:db8:1::/48", "fe80::1%eth0": "fe80::/48",
	} {
		if got := throttle.Site(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
	if got := throttle.Site(netip.Addr{}); got != "" {
		t.Errorf("no address: %q", got)
	}
}
