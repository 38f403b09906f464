/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The media types of common files on the web, for machines without a mime.types file. */
#ifndef CELLWS_HTTP_MIME_TABLE_H
#define CELLWS_HTTP_MIME_TABLE_H

/* X(extension, type) as it is; T(extension, type) for text, which is sent with a charset. */
#define HTTP_MIME_TYPES(X, T)                                                                     \
	T("html", "text/html")                                                                    \
	T("htm", "text/html")                                                                     \
	T("css", "text/css")                                                                      \
	T("js", "text/javascript")                                                                \
	T("mjs", "text/javascript")                                                               \
	T("txt", "text/plain")                                                                    \
	T("md", "text/markdown")                                                                  \
	T("csv", "text/csv")                                                                      \
	T("ics", "text/calendar")                                                                 \
	T("vcf", "text/vcard")                                                                    \
	T("vtt", "text/vtt")                                                                      \
	X("json", "application/json")                                                             \
	X("map", "application/json")                                                              \
	X("jsonld", "application/ld+json")                                                        \
	X("geojson", "application/geo+json")                                                      \
	X("webmanifest", "application/manifest+json")                                             \
	X("xml", "application/xml")                                                               \
	X("xhtml", "application/xhtml+xml")                                                       \
	X("rss", "application/rss+xml")                                                           \
	X("atom", "application/atom+xml")                                                         \
	X("wasm", "application/wasm")                                                             \
	X("pdf", "application/pdf")                                                               \
	X("ps", "application/postscript")                                                         \
	X("rtf", "application/rtf")                                                               \
	X("epub", "application/epub+zip")                                                         \
	X("zip", "application/zip")                                                               \
	X("gz", "application/gzip")                                                               \
	X("tgz", "application/gzip")                                                              \
	X("bz2", "application/x-bzip2")                                                           \
	X("xz", "application/x-xz")                                                               \
	X("zst", "application/zstd")                                                              \
	X("7z", "application/x-7z-compressed")                                                    \
	X("tar", "application/x-tar")                                                             \
	X("jar", "application/java-archive")                                                      \
	X("deb", "application/vnd.debian.binary-package")                                         \
	X("doc", "application/msword")                                                            \
	X("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document")      \
	X("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")            \
	X("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation")    \
	X("odt", "application/vnd.oasis.opendocument.text")                                       \
	X("ods", "application/vnd.oasis.opendocument.spreadsheet")                                \
	X("png", "image/png")                                                                     \
	X("jpg", "image/jpeg")                                                                    \
	X("jpeg", "image/jpeg")                                                                   \
	X("gif", "image/gif")                                                                     \
	X("webp", "image/webp")                                                                   \
	X("avif", "image/avif")                                                                   \
	X("svg", "image/svg+xml")                                                                 \
	X("ico", "image/vnd.microsoft.icon")                                                      \
	X("bmp", "image/bmp")                                                                     \
	X("tif", "image/tiff")                                                                    \
	X("tiff", "image/tiff")                                                                   \
	X("woff", "font/woff")                                                                    \
	X("woff2", "font/woff2")                                                                  \
	X("ttf", "font/ttf")                                                                      \
	X("otf", "font/otf")                                                                      \
	X("mp3", "audio/mpeg")                                                                    \
	X("ogg", "audio/ogg")                                                                     \
	X("opus", "audio/ogg")                                                                    \
	X("flac", "audio/flac")                                                                   \
	X("wav", "audio/x-wav")                                                                   \
	X("m4a", "audio/mp4")                                                                     \
	X("mp4", "video/mp4")                                                                     \
	X("webm", "video/webm")                                                                   \
	X("ogv", "video/ogg")                                                                     \
	X("mov", "video/quicktime")                                                               \
	X("bin", "application/octet-stream")                                                      \
	X("iso", "application/x-iso9660-image")

#endif
