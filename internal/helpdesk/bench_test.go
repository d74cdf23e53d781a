package helpdesk_test

import (
	"fmt"
	"testing"
	"time"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/userpool"
)

func benchmark(b *testing.B, run func(*testing.B, *world)) {
	b.Helper()
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{
		{"SQLite", sqliteFile},
		{"PostgreSQL", postgrestest.Database},
	} {
		b.Run(engine.name, func(b *testing.B) { run(b, open(b, userpool.Options{}, engine.url(b), nil)) })
	}
}

// BenchmarkRedemption is a link's way from Open to Spend, the pool's set-up left out.
func BenchmarkRedemption(b *testing.B) {
	benchmark(b, func(b *testing.B, w *world) {
		b.Helper()
		w.add("ada")
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			w.clock.advance(time.Hour)
			link := w.mint(minting("ada"))
			b.StartTimer()
			opened, err := w.desk.Open(w.ctx, link.Locator, link.Piece)
			w.ok(err)
			w.ok(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Held: opened.Held}))
			w.ok(w.desk.Spend(w.ctx, opened.Held, "ada"))
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "redemptions/s")
	})
}

// BenchmarkLookUp is an agent's view of an account among ten thousand.
func BenchmarkLookUp(b *testing.B) {
	benchmark(b, func(b *testing.B, w *world) {
		b.Helper()
		users := make([]userpool.User, 0, 10_000)
		for i := range cap(users) {
			users = append(users, userpool.User{Username: fmt.Sprintf("user-%05d", i), Password: password})
		}
		w.ok(w.pool.AddUsers(users...))
		grace := w.agent("grace")
		for i := 0; b.Loop(); i++ {
			_, err := w.desk.Case(w.ctx, grace, users[i%len(users)].Username)
			w.ok(err)
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "look-ups/s")
	})
}

// BenchmarkGuess is a wrong piece: what whoever has a link can make the portal do. The wait is left out.
func BenchmarkGuess(b *testing.B) {
	benchmark(b, func(b *testing.B, w *world) {
		b.Helper()
		w.add("ada")
		link := w.mint(minting("ada"))
		for b.Loop() {
			_, err := w.desk.Open(w.ctx, link.Locator, secret.New("0000-0000"))
			w.kind(err, helpdesk.LinkNotGood)
		}
	})
}
