package doctor

import (
	"context"
	"fmt"
)

// checkProxy visits the portal by its public address as a browser does that is in the middle of an enrollment: proxies with
// small header limits refuse exactly those people, and proxies that call the portal by another name, everybody.
func (e *examination) checkProxy(ctx context.Context) {
	if e.Portal == nil {
		if !e.Demo {
			e.unseen("proxy", "Not checked: PORTAL_PUBLIC_URL is not set.", "Set it to the address that browsers use, start the portal, and run the doctor again.")
		}
		return
	}
	usual := e.Portal.Visit(ctx, false)
	switch {
	case usual.Status == 0:
		e.unseen("proxy", fmt.Sprintf("Not checked: nobody answers at %s (%s).", usual.URL, usual.Seen),
			"Start the portal, and run the doctor where its public address can be reached.")
		return
	case !usual.Healthy:
		e.unseen("proxy", fmt.Sprintf("Not checked: something else than the portal answers at %s (HTTP %d).", usual.URL, usual.Status),
			"Let the proxy pass /healthz to the portal, or correct PORTAL_PUBLIC_URL.")
		return
	}
	if usual.Renamed {
		e.found(Fault, "proxy", "Every page is refused (HTTP 421): the proxy before the portal calls it by another name than PORTAL_PUBLIC_URL's.",
			"Let the proxy pass the Host header on. nginx: proxy_set_header Host $host; Apache: ProxyPreserveHost On.", "")
		return
	}
	largest := e.Portal.Visit(ctx, true)
	if largest.Healthy {
		e.ok("proxy", "A cookie of %d bytes, the largest of an enrollment, reaches the portal.", largest.Cookie)
		return
	}
	how := fmt.Sprintf("HTTP %d", largest.Status)
	if largest.Status == 0 {
		how = largest.Seen
	}
	e.found(Fault, "proxy", fmt.Sprintf("A cookie of %d bytes, the largest of an enrollment, does not reach the portal (%s): some people are refused halfway.", largest.Cookie, how),
		"Raise the header limits of the proxy to 16 kB, for requests and answers. nginx: large_client_header_buffers 4 16k; proxy_buffer_size 16k; Apache: LimitRequestFieldSize 16380; HAProxy: tune.bufsize 32768.", "")
}
