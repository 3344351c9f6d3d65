// Package geoip says where an IP address is, from a database in MaxMind's format
// (GeoLite2-City, GeoIP2, DB-IP and the like) that the operator supplies.
//
// It promises what Kusto's geo_info_from_ip_address() gives, and never to fail on a
// broken record: an address the database does not tell of has no answer. It refuses a
// file that is no such database, with the reason. It asks no one else. It is tested on
// databases the test writes.
package geoip

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/kql/native"
)

// A Database is an opened database, held in memory. It is safe for concurrent use.
type Database struct {
	reader *maxminddb.Reader
	Kind   string    // what the file calls itself: "GeoLite2-City"
	Built  time.Time // when it was made
}

// Open reads a database. The error is a *tocsin.Error.
func Open(path string) (*Database, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, tocsin.Wrap(err, tocsin.NotFound, "There is no GeoIP database %s. Check --geoip.", path)
	} else if err != nil {
		return nil, tocsin.Wrap(err, tocsin.Invalid, "The GeoIP database %s cannot be read. Check --geoip and its permissions.", path)
	}
	reader, err := maxminddb.OpenBytes(text)
	if err != nil {
		return nil, tocsin.Wrap(err, tocsin.Invalid, "%s is not a GeoIP database in MaxMind's format (.mmdb).", path)
	}
	return &Database{reader: reader, Kind: reader.Metadata.DatabaseType, Built: time.Unix(int64(reader.Metadata.BuildEpoch), 0).UTC()}, nil
}

// A record is what matters of a city or country database's record.
type record struct {
	Country      place   `maxminddb:"country"`
	Registered   place   `maxminddb:"registered_country"`
	Subdivisions []place `maxminddb:"subdivisions"`
	City         place   `maxminddb:"city"`
	Location     struct {
		Latitude  *float64 `maxminddb:"latitude"`
		Longitude *float64 `maxminddb:"longitude"`
	} `maxminddb:"location"`
}

type place struct {
	Names map[string]string `maxminddb:"names"`
}

// Info returns where an address is as a JSON object with what is known of country,
// state, city, latitude and longitude; "" for text that is no address and for an address
// the database does not know.
func (d *Database) Info(ip string) string {
	addr, err := netip.ParseAddr(strings.TrimSpace(ip))
	if err != nil {
		return ""
	}
	found := d.reader.Lookup(addr.Unmap().WithZone(""))
	var r record
	if !found.Found() || found.Decode(&r) != nil {
		return ""
	}
	b := []byte{'{'}
	field := func(name string) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(native.AppendString(b, name), ':')
	}
	text := func(name, value string) {
		if value != "" {
			field(name)
			b = native.AppendString(b, value)
		}
	}
	country := r.Country.Names["en"]
	if country == "" {
		country = r.Registered.Names["en"]
	}
	text("country", country)
	if len(r.Subdivisions) > 0 {
		text("state", r.Subdivisions[0].Names["en"])
	}
	text("city", r.City.Names["en"])
	if at := r.Location; at.Latitude != nil && at.Longitude != nil {
		field("latitude")
		b = strconv.AppendFloat(b, *at.Latitude, 'f', -1, 64)
		field("longitude")
		b = strconv.AppendFloat(b, *at.Longitude, 'f', -1, 64)
	}
	if len(b) == 1 {
		return ""
	}
	return string(append(b, '}'))
}
