// Command inmemory is the portal with the bench's pool in its own process, reached without a socket: what an enrollment
// costs beside the way to the pool. It is wired like cmd/portal.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cognito-enroll/bench/stub"
	"cognito-enroll/internal/brand"
	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/heap"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/qr"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/store"
	"cognito-enroll/internal/throttle"
	"cognito-enroll/static"
	"cognito-enroll/web"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	flag.Parse()
	heap.Floor(20 << 20) // as cmd/portal
	portal, err := wire(context.Background(), *listen)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: *listen, Handler: portal, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func wire(ctx context.Context, address string) (*web.Server, error) {
	pool := cognito.New(cognito.Options{
		AWS: aws.Config{
			Region: "eu-central-1", BaseEndpoint: aws.String("http://stub.invalid"), HTTPClient: &http.Client{Transport: stub.New().Transport()},
		},
		UserPoolID: "eu-central-1_Bench0001", ClientID: "bench", Flow: cognito.FlowPassword, SessionValidity: 15 * time.Minute, Now: time.Now,
	})
	const age = 40 * time.Minute
	sealing := session.Options{Name: "enroll", Keys: []session.Key{session.NewKey()}, MaxAge: age, Now: pool.Now}
	sessions, err1 := session.New(sealing)
	sealing.Name = "device"
	devices, err6 := session.New(sealing)
	sealing.Name = "place"
	places, err7 := session.New(sealing)
	assets, err2 := static.New()
	languages, err3 := i18n.New()
	look, err4 := brand.Load(nil, languages, brand.Settings{})
	memory, err5 := store.Open(ctx, "sqlite:portal.db", store.Options{Now: pool.Now})
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7); err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	return web.New(web.Options{ //nolint:contextcheck // handlers go by their request's context
		Enroll: enroll.New(enroll.Options{Pool: pool, Now: pool.Now}), Sessions: sessions, SessionAge: age, Store: pageStore{real: memory},
		QR: qr.NewDrawer(1024), Assets: assets, Brand: look, PublicURL: &url.URL{Scheme: "http", Host: address},
		Devices: devices, Places: places, Guard: throttle.NewGuard(throttle.GuardOptions{Now: pool.Now}), OneNetwork: true,
		Room:            throttle.NewRoom(throttle.RoomOptions{Rate: 1e6, Now: pool.Now, Log: slog.New(slog.DiscardHandler)}),
		SessionValidity: 15 * time.Minute, Log: slog.New(slog.NewJSONHandler(os.Stderr, nil)), Now: pool.Now,
	})
}

// pageStore is the store as the pages want it, as far as an enrollment goes.
type pageStore struct {
	web.Store // hand-offs: there are none
	real      *store.Store
}

func (s pageStore) EndSession(ctx context.Context, id enroll.ID, until time.Time) error {
	return s.real.EndSession(ctx, id, until)
}

func (s pageStore) SessionOver(ctx context.Context, id enroll.ID, account string, began time.Time) (bool, error) {
	return s.real.SessionOver(ctx, id, account, began)
}

func (s pageStore) Record(ctx context.Context, account string, event web.Event, device string) error {
	_, err := s.real.AppendLedger(ctx, store.LedgerEntry{Pool: "bench", Account: account, Event: helpdesk.Event(event), Actor: account, Detail: device})
	return err
}

func (s pageStore) Conclude(ctx context.Context, account string, event web.Event, device string, id enroll.ID, until, others time.Time) error {
	return s.real.Conclude(ctx, store.LedgerEntry{Pool: "bench", Account: account, Event: helpdesk.Event(event), Actor: account, Detail: device}, id, until, others)
}
