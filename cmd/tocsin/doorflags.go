package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin/internal/app/doors"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// doorFlags are the addresses of doors that listen on their own, besides being
// on the main address.
type doorFlags struct{ hec, elastic, otlpHTTP, otlpGRPC string }

func (f *doorFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.hec, "hec-addr", "", "address for Splunk HEC alone, such as 0.0.0.0:8088; it is on the main address too")
	cmd.Flags().StringVar(&f.elastic, "elastic-addr", "", "address for Elastic _bulk alone, such as 0.0.0.0:9200; on the main address it is below /elastic")
	cmd.Flags().StringVar(&f.otlpHTTP, "otlp-http-addr", "", "address for OTLP over HTTP alone, such as 0.0.0.0:4318; it is on the main address too")
	cmd.Flags().StringVar(&f.otlpGRPC, "otlp-grpc-addr", "", "address for OTLP over gRPC, such as 0.0.0.0:4317; without it there is none")
}

// listen opens the addresses that are given, with the main address's certificate.
func (f *doorFlags) listen(cert, key string) (list []doors.Listener, err error) {
	for _, d := range []struct{ door, addr string }{
		{ingest.DoorHEC, f.hec}, {ingest.DoorElastic, f.elastic}, {ingest.DoorOTLP, f.otlpHTTP}, {doors.OTLPOverGRPC, f.otlpGRPC},
	} {
		if d.addr == "" {
			continue
		}
		ln, _, err := listen(d.addr, cert, key)
		if err != nil {
			for _, open := range list {
				err = errors.Join(err, open.Listener.Close())
			}
			return nil, err
		}
		list = append(list, doors.Listener{Door: d.door, Listener: ln})
	}
	return list, nil
}
