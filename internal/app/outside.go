package app

import (
	"path/filepath"

	"github.com/tocsin-soc/tocsin/internal/fetch"
	"github.com/tocsin-soc/tocsin/internal/geoip"
	"github.com/tocsin-soc/tocsin/internal/hunt"
)

// outside is what queries may know beyond the store: addresses that are allowed and
// where IP addresses are.
type outside struct {
	version string // of the product
	fetcher *fetch.Fetcher
	geo     *geoip.Database // nil when there is none
}

func openOutside(cfg *Config) (*outside, error) {
	allowed, err := fetch.ParseAllowed(cfg.External, false)
	if err != nil {
		return nil, err
	}
	out := &outside{version: cfg.Version, fetcher: fetch.New(fetch.Options{Allowed: allowed, Dir: filepath.Join(cfg.Data, "external"), Now: cfg.Now})}
	if cfg.GeoIP != "" {
		out.geo, err = geoip.Open(cfg.GeoIP)
	}
	return out, err
}

// geoInfo is the function of the database, or nil.
func (o *outside) geoInfo() func(ip string) string {
	if o.geo == nil {
		return nil
	}
	return o.geo.Info
}

// hunter gives a hunter what is known outside.
func (o *outside) hunter(h *hunt.Hunter) *hunt.Hunter {
	h = h.Reading(o.fetcher.Fetch).Named(o.version)
	if o.geo == nil {
		h = h.Without(noGeoIP)
	}
	return h
}

// noGeoIP says what the function gives without a database.
var noGeoIP = map[string]string{
	"geo_info_from_ip_address": "there is no GeoIP database, so geo_info_from_ip_address() is null for every address; whoever runs Tocsin can install one with --geoip FILE",
}
