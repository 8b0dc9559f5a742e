// A published log (affiant log publish), read with the packages of the Go checksum database, golang.org/x/mod/sumdb.
//
//	tiles FOLDER VKEY [EARLIER-CHECKPOINT...]
//
// Opens the checkpoint, derives the root from the tiles, proves every entry of every bundle (one in 61 of a long log),
// and every earlier checkpoint. Given are the folder and the log's public key, nothing else. Prints `ok N entries`.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// Web reads tiles as a client would fetch them: at their own path, no full tile in place of a partial one.
type web string

func (w web) Height() int { return height }

func (w web) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(w), path))
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}

func (w web) SaveTiles([]tlog.Tile, [][]byte) {}

func need(err error, what ...any) {
	if err != nil {
		fmt.Println(append(what, err)...)
		os.Exit(1)
	}
}

// Open verifies a signed checkpoint and reads its three lines.
func open(path, vkey string) (origin string, tree tlog.Tree) {
	message, err := os.ReadFile(path)
	need(err, path)
	verifier, err := note.NewVerifier(vkey)
	need(err, vkey)
	opened, err := note.Open(message, note.VerifierList(verifier))
	need(err, path)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		need(fmt.Errorf("%d lines", len(lines)), path)
	}
	tree.N, err = strconv.ParseInt(lines[1], 10, 64)
	need(err, path)
	tree.Hash, err = tlog.ParseHash(lines[2])
	need(err, path)
	return lines[0], tree
}

// Bundle reads the entries of one bundle.
func bundle(folder string, number, width int64) [][]byte {
	tile := tlog.Tile{H: height, L: 0, N: number, W: int(width)}
	path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
	rest, err := os.ReadFile(filepath.Join(folder, path))
	need(err, path)
	var entries [][]byte
	for len(rest) >= 2 {
		length := int(binary.BigEndian.Uint16(rest))
		if len(rest) < 2+length {
			need(fmt.Errorf("cut short"), path)
		}
		entries, rest = append(entries, rest[2:2+length]), rest[2+length:]
	}
	if len(rest) != 0 || int64(len(entries)) != width {
		need(fmt.Errorf("%d entries, not %d", len(entries), width), path)
	}
	return entries
}

func main() {
	folder, vkey := os.Args[1], os.Args[2]
	origin, tree := open(filepath.Join(folder, "checkpoint"), vkey)
	if name := strings.SplitN(vkey, "+", 2)[0]; name != origin {
		need(fmt.Errorf("the log is %s, the key is of %s", origin, name))
	}
	hashes := tlog.TileHashReader(tree, web(folder))
	root, err := tlog.TreeHash(tree.N, hashes)
	need(err, "root")
	if root != tree.Hash {
		need(fmt.Errorf("another root"))
	}
	step := int64(1)
	if tree.N > 2000 {
		step = 61
	}
	for first := int64(0); first < tree.N; first += 256 {
		width := tree.N - first
		if width > 256 {
			width = 256
		}
		entries := bundle(folder, first/256, width)
		// Every entry against its leaf hash in the authenticated tiles; a proof for some.
		leaves := make([]int64, width)
		for at := range leaves {
			leaves[at] = tlog.StoredHashIndex(0, first+int64(at))
		}
		named, err := hashes.ReadHashes(leaves)
		need(err, "leaves from", first)
		for at, entry := range entries {
			if tlog.RecordHash(entry) != named[at] {
				need(fmt.Errorf("entry %d is not the one in the tree", first+int64(at)))
			}
		}
		for at := int64(0); at < width; at += step {
			index := first + at
			proof, err := tlog.ProveRecord(tree.N, index, hashes)
			need(err, "entry", index)
			need(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entries[at])), "entry", index)
		}
	}
	for _, path := range os.Args[3:] {
		_, earlier := open(path, vkey)
		proof, err := tlog.ProveTree(tree.N, earlier.N, hashes)
		need(err, path)
		need(tlog.CheckTree(proof, tree.N, tree.Hash, earlier.N, earlier.Hash), path)
	}
	fmt.Println("ok", tree.N, "entries")
}
