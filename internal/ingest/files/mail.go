package files

import (
	"bufio"
	"bytes"
	"io"
	"strconv"

	"github.com/tocsin-soc/tocsin"
)

// mail hands on a file that is one message.
func (e *emitter) mail(in *bufio.Reader) error {
	body, err := io.ReadAll(io.LimitReader(in, tocsin.MaxRawBytes+1))
	if err != nil {
		return err
	}
	e.emit(tocsin.FormatMail, "", "1", bytes.TrimLeft(body, "\ufeff \r\n"))
	return nil
}

// mbox splits a mailbox (RFC 4155): a message begins after a line "From …" that
// stands at the beginning or behind an empty line. ">From " in a message loses
// one ">".
func (e *emitter) mbox(in *bufio.Reader) error {
	var message []byte
	n, isFirst, wasEmpty := int64(0), true, true
	flush := func() {
		if body := bytes.TrimRight(message, "\r\n"); len(body) > 0 {
			n++
			e.emit(tocsin.FormatMail, "", strconv.FormatInt(n, 10), append(body, '\n'))
		}
		message = nil
	}
	for !e.stopped {
		line, err := readLine(in)
		switch {
		case wasEmpty && bytes.HasPrefix(line, []byte("From ")):
			if !isFirst {
				flush()
			}
			isFirst = false
		case err == io.EOF && len(line) == 0:
		default:
			if bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) && line[0] == '>' {
				line = line[1:]
			}
			if room := tocsin.MaxRawBytes + 1 - len(message); room > 0 {
				message = append(message, line[:min(len(line), room)]...)
				message = append(message, '\n')
			}
		}
		wasEmpty = len(line) == 0
		if err != nil {
			flush()
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
	return nil
}
