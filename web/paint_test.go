package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"cognito-enroll/internal/userpool"
)

// The figure "first paint on slow 3G after signing in", by a real browser: from the click to the first pixel of the page
// with the QR code, beside the same with an empty page in its place.
func BenchmarkBrowserFirstPaint(b *testing.B) {
	p := openPortal(b, func(o *portalOptions) { o.plainHTTP = true })
	var empty atomic.Bool
	next := p.server.Config.Handler
	p.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if empty.Load() && r.URL.Path == "/set-up" {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, `<!doctype html><title>x</title><link rel="icon" href="data:,"><p>x`)
			return
		}
		next.ServeHTTP(w, r)
	})
	people := 0
	painted := func(without bool) float64 {
		people++
		name := fmt.Sprint("person-", people)
		p.addUser(name, userpool.StateNew)
		tab := p.openTab(plain)
		tab.open("/sign-in").fill("#username", name).fill("#password", password)
		empty.Store(without)
		tab.call("slow 3G", func(ctx context.Context) error {
			_, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
				MatchedNetworkConditions: []*network.Conditions{{Latency: 400, DownloadThroughput: 50_000, UploadThroughput: 50_000}},
			})
			return err
		})
		tab.click(submit).at("/set-up").wait(`performance.getEntriesByName("first-paint").length > 0`)
		return value[float64](tab, `performance.getEntriesByName("first-paint")[0].startTime`)
	}
	var page, blank float64
	for b.Loop() {
		page += painted(false)
		blank += painted(true)
	}
	b.ReportMetric(page/float64(b.N), "ms/page")
	b.ReportMetric(blank/float64(b.N), "ms/empty")
	b.ReportMetric(page/blank, "ratio")
}
