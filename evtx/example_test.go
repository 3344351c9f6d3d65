package evtx_test

import (
	"bytes"
	"fmt"
	"os"

	"github.com/tocsin-soc/tocsin/evtx"
)

// Reading a log: every record, and what is wrong, in file order.
func ExampleReader_Records() {
	file, err := os.Open("Security.evtx")
	if err != nil {
		return
	}
	defer file.Close()
	log, err := evtx.NewStream(file, evtx.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for rec, err := range log.Records() {
		if err != nil {
			fmt.Println(err) // counted in log.Counts().Damaged; reading goes on
			continue
		}
		fmt.Println(rec.Time(), rec.Provider(), rec.EventID())
		for f := range rec.Fields() {
			fmt.Printf("  %s=%s\n", f.Name.Flat, f.Value)
		}
	}
	fmt.Printf("%+v\n", log.Counts())
}

// Input that is no log is refused at once.
func ExampleNewStream() {
	_, err := evtx.NewStream(bytes.NewReader([]byte("PK...")), evtx.Options{})
	fmt.Println(err)
	// Output: not an EVTX file: the ElfFile signature is missing
}
