package main

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	products = 60_000
	// quoteRounds is the work of a price that was never asked for, pageRounds
	// that of every page.
	quoteRounds, pageRounds = 100_000, 4_000
	stockConnections        = 32
)

type product struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
	Sum  string `json:"sum"`
}

// shop serves products. A warm one has the prices of those that are asked for
// and connections to the stock.
type shop struct {
	*http.ServeMux
	catalogue []product
	client    *http.Client
	stock     string

	// Whoever asks for a price first works it out; others wait for it.
	quotes [products]struct {
		once  sync.Once
		price uint32
	}
	served, warmUps atomic.Int64
}

func newShop(stock string) *shop {
	s := &shop{ServeMux: http.NewServeMux(), stock: stock, catalogue: loadCatalogue(), client: &http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{
			MaxIdleConnsPerHost: stockConnections, IdleConnTimeout: time.Hour,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13},
		},
	}}
	s.HandleFunc("GET /products/{id}", s.product)
	s.HandleFunc("GET /counts", s.counts)
	s.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, "ok\n") })
	return s
}

// loadCatalogue reads what a real shop would have from a file: a document of
// some megabytes, which is parsed and sorted.
func loadCatalogue() []product {
	var doc strings.Builder
	doc.WriteByte('[')
	for i := range products {
		if i > 0 {
			doc.WriteByte(',')
		}
		sum := sha256.Sum256([]byte(strconv.Itoa(i)))
		fmt.Fprintf(&doc, `{"id":%d,"name":"product %d","sum":%q}`, i, i, hex.EncodeToString(sum[:]))
	}
	doc.WriteByte(']')
	var list []product
	if err := json.Unmarshal([]byte(doc.String()), &list); err != nil {
		panic(err)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Sum < list[j].Sum })
	sort.Slice(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	return list
}

func (s *shop) product(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Foreshadow-Warmup") != "" {
		s.warmUps.Add(1)
	} else {
		s.served.Add(1)
	}
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id < 0 || id >= products {
		http.NotFound(w, r)
		return
	}
	q := &s.quotes[id]
	q.once.Do(func() { q.price = work(id, quoteRounds) })
	amount, err := s.amount(id)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	page := work(id+products, pageRounds)
	answer(w, fmt.Sprintf("%s costs %d, %s left, page %x\n", s.catalogue[id].Name, q.price, amount, page))
}

// amount asks the stock, over a connection that may have to be opened first.
func (s *shop) amount(id int) (string, error) {
	resp, err := s.client.Get(s.stock + "/amounts/" + strconv.Itoa(id))
	if err != nil {
		return "", fmt.Errorf("ask stock: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64))
	if err != nil {
		return "", fmt.Errorf("read amount: %w", err)
	}
	return string(body), nil
}

// counts says how many requests came from the warm-up and how many did not.
func (s *shop) counts(w http.ResponseWriter, _ *http.Request) {
	_ = json.NewEncoder(w).Encode(map[string]int64{"served": s.served.Load(), "warmUps": s.warmUps.Load()})
}

// answer writes a body; a client that is gone has nowhere to hear of it.
func answer(w io.Writer, body string) { _, _ = io.WriteString(w, body) }

// work is computation whose result nobody can know beforehand.
func work(seed, rounds int) uint32 {
	sum := sha256.Sum256([]byte(strconv.Itoa(seed)))
	for range rounds {
		sum = sha256.Sum256(sum[:])
	}
	return binary.BigEndian.Uint32(sum[:])
}
