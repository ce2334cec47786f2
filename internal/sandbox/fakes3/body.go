package fakes3

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httputil"
	"net/textproto"
	"strconv"
	"strings"
)

const crcHeader = "X-Amz-Checksum-Crc32"

// authenticated reads and checks the request and returns the object's bytes,
// unpacked from the chunks in which the SDK sends them over TLS.
func (s *Server) authenticated(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, errorf(http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	}
	if _, err := s.verify.Verify(r, raw); err != nil {
		return nil, err
	}
	checksum := r.Header.Get(crcHeader)
	body := raw
	if strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
		var trailer textproto.MIMEHeader
		if body, trailer, err = unchunk(raw); err != nil {
			return nil, errorf(http.StatusBadRequest, "IncompleteBody", "The request body terminated unexpectedly")
		}
		if n := r.Header.Get("X-Amz-Decoded-Content-Length"); n != strconv.Itoa(len(body)) {
			return nil, errorf(http.StatusBadRequest, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
		}
		if t := trailer.Get(crcHeader); t != "" {
			checksum = t
		}
	}
	if checksum != "" && checksum != crcOf(body) {
		return nil, errorf(http.StatusBadRequest, "BadDigest", "The CRC32 you specified did not match the calculated checksum.")
	}
	return body, nil
}

// unchunk unpacks aws-chunked content: HTTP/1.1 chunks, whose extensions carry
// signatures where there are any, with a trailer after the last one
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html).
func unchunk(raw []byte) ([]byte, textproto.MIMEHeader, error) {
	in := bufio.NewReader(bytes.NewReader(raw))
	body, err := io.ReadAll(httputil.NewChunkedReader(in))
	if err != nil {
		return nil, nil, err
	}
	trailer, err := textproto.NewReader(in).ReadMIMEHeader()
	if errors.Is(err, io.EOF) {
		err = nil // no trailer, and no empty line for it
	}
	return body, trailer, err
}

func crcOf(data []byte) string {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], crc32.ChecksumIEEE(data))
	return base64.StdEncoding.EncodeToString(b[:])
}
