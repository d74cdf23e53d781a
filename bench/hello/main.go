// Command hello is what the machine allows: net/http that answers a fixed body. "make bench" measures the portal's
// pages beside it.
//
//	GET /ANY?bytes=N             N bytes of HTML
//	GET /ANY?bytes=N&draw=TEXT   the same, after go-qrcode has made TEXT's QR code, which nothing that uses it can spare
package main

import (
	"bytes"
	"flag"
	"log"
	"net/http"
	"strconv"
	"time"

	"github.com/skip2/go-qrcode"
)

// most is the largest body.
const most = 1 << 20

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	flag.Parse()
	body := bytes.Repeat([]byte("hello, world. "), most/14+1)
	server := &http.Server{Addr: *listen, ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if text := query.Get("draw"); text != "" {
			if code, err := qrcode.New(text, qrcode.Medium); err == nil {
				code.Bitmap()
			}
		}
		size, err := strconv.Atoi(query.Get("bytes"))
		if err != nil || size < 0 || size > most {
			size = 0
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(size))
		_, _ = w.Write(body[:size]) // whoever asked has gone
	})}
	log.Fatal(server.ListenAndServe())
}
