# docker/sbom's lines (I: the image, P: a package, F: a file; fields by tabs) to an SPDX 2.3 document in JSON.

BEGIN {
	FS = "\t"
	# Debian's short names, in lower case, that are called otherwise in SPDX's list; "+" is "-or-later" there.
	separator[1] = ","
	same = "ISC Zlib curl MIT Apache-2.0 BSD-2-Clause BSD-3-Clause BSD-4-Clause OpenSSL X11 CC0-1.0 OLDAP-2.8 PSF-2.0 BSL-1.0"
	count = split(same, names, " ")
	for (i = 1; i <= count; i++)
		spdx_name[tolower(names[i])] = names[i]
	spdx_name["expat"] = "MIT"
	spdx_name["cc0"] = "CC0-1.0"
	count = split("GPL-1 GPL-2 GPL-3 LGPL-2 LGPL-2.1 LGPL-3", names, " ")
	for (i = 1; i <= count; i++) {
		full = names[i] ~ /\.1$/ ? names[i] : names[i] ".0"
		spdx_name[tolower(names[i])] = full "-only"
		spdx_name[tolower(names[i]) "+"] = full "-or-later"
	}
}

function quote(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	gsub(/\t/, "\\t", text)
	gsub(/\n/, "\\n", text)
	gsub(/[\001-\037]/, " ", text)
	return "\"" text "\""
}

function id(text) {
	gsub(/[^A-Za-z0-9.-]/, "-", text)
	return text
}

# --- licences ----------------------------------------------------------------------------------------------------

# A Debian short name as SPDX has it: from SPDX's list, or a reference to the text in the copyright file.
function license_id(name, package,    ref) {
	if (tolower(name) in spdx_name)
		return spdx_name[tolower(name)]
	ref = "LicenseRef-" id(package) "-" id(name)
	ref_name[ref] = name
	ref_text[ref] = name in text_of ? text_of[name] : "See /usr/share/doc/" package "/copyright: " name
	return ref
}

# "A", "A or B", "A and B"; what is more complex is one name of its own.
function license_expression(name, package,    count, parts, word, i, expression) {
	word = name ~ / or / ? "or" : "and"
	if (name ~ /,| with / || (name ~ / or / && name ~ / and /))
		return license_id(name, package)
	count = split(name, parts, " " word " ")
	expression = license_id(parts[1], package)
	for (i = 2; i <= count; i++)
		expression = expression " " toupper(word) " " license_id(parts[i], package)
	return expression
}

function trim(text) {
	sub(/^[ \t]+/, "", text)
	sub(/[ \t]+$/, "", text)
	return text
}

# Sets `declared` (the licence of "Files: *"), `others` (those of other files) and text_of[]; "" if the file is free text.
function read_copyright(package,    file, line, field, name, general, first) {
	declared = others = ""
	split("", text_of)
	file = "/usr/share/doc/" package "/copyright"
	first = 1
	field = name = ""
	while ((getline line < file) > 0) {
		if (first && line !~ /^Format:.*copyright-format/)
			break
		first = 0
		if (line ~ /^[ \t]*$/) {
			field = name = ""
			general = 0
		} else if (line ~ /^[ \t]/) {
			if (field == "license" && name != "")
				text_of[name] = text_of[name] trim(line) "\n"
		} else {
			field = tolower(substr(line, 1, index(line, ":") - 1))
			line = trim(substr(line, index(line, ":") + 1))
			if (field == "files")
				general = line == "*"
			if (field == "license") {
				name = line
				if (general)
					declared = name
				else if (name != "" && index(others ", ", name ", ") == 0)
					others = others (others == "" ? "" : ", ") name
			}
		}
	}
	close(file)
}

# --- the document --------------------------------------------------------------------------------------------------

function relate(from, type, to) {
	relations = relations (relations == "" ? "" : ",\n") sprintf( \
		"    {\"spdxElementId\": \"SPDXRef-%s\", \"relationshipType\": \"%s\", \"relatedSpdxElement\": \"SPDXRef-%s\"}",
		from, type, to)
}

$1 == "I" {
	printf "{\n  \"spdxVersion\": \"SPDX-2.3\",\n  \"dataLicense\": \"CC0-1.0\",\n  \"SPDXID\": \"SPDXRef-DOCUMENT\",\n"
	printf "  \"name\": %s,\n", quote($2 "-" $3)
	printf "  \"documentNamespace\": %s,\n", quote("https://spdx.org/spdxdocs/" id($2 "-" $3) "-" $5)
	printf "  \"creationInfo\": {\"created\": %s, \"creators\": [\"Tool: selfless-sbom-%s\"]},\n", quote($4), $3
	printf "  \"packages\": [\n    {\"SPDXID\": \"SPDXRef-Image\", \"name\": %s, \"versionInfo\": %s,\n", quote($2), quote($3)
	printf "     \"primaryPackagePurpose\": \"CONTAINER\", \"downloadLocation\": \"NOASSERTION\", \"filesAnalyzed\": false,\n"
	printf "     \"licenseConcluded\": \"NOASSERTION\", \"licenseDeclared\": \"NOASSERTION\", \"copyrightText\": \"NOASSERTION\"}"
	relate("DOCUMENT", "DESCRIBES", "Image")
}

$1 == "P" {
	ref = "Package-" id($3)
	package_ref[$2] = ref
	read_copyright($3)
	printf ",\n    {\"SPDXID\": \"SPDXRef-%s\", \"name\": %s, \"versionInfo\": %s,\n", ref, quote($3), quote($4)
	printf "     \"supplier\": %s, \"sourceInfo\": %s,\n", quote("Person: " $8), quote("Debian source package " $6 " " $7)
	printf "     \"downloadLocation\": \"NOASSERTION\", \"filesAnalyzed\": false, \"licenseConcluded\": \"NOASSERTION\",\n"
	printf "     \"licenseDeclared\": %s,", quote(declared == "" ? "NOASSERTION" : license_expression(declared, $3))
	if (others != "")
		printf " \"licenseComments\": %s,", quote("Some files of the source package: " others)
	printf " \"copyrightText\": \"NOASSERTION\",\n"
	printf "     \"externalRefs\": [{\"referenceCategory\": \"PACKAGE-MANAGER\", \"referenceType\": \"purl\",\n"
	version = $4
	gsub(/\+/, "%2B", version)
	gsub(/:/, "%3A", version)
	gsub(/~/, "%7E", version)
	printf "                       \"referenceLocator\": %s}]}", quote("pkg:deb/debian/" $3 "@" version "?arch=" $5)
	relate("Image", "CONTAINS", ref)
}

$1 == "F" {
	ref = "File-" id($2)
	files = files (files == "" ? "" : ",\n") sprintf( \
		"    {\"SPDXID\": \"SPDXRef-%s\", \"fileName\": %s,\n     \"checksums\": [" \
		"{\"algorithm\": \"SHA1\", \"checksumValue\": \"%s\"},\n                   " \
		"{\"algorithm\": \"SHA256\", \"checksumValue\": \"%s\"}],\n" \
		"     \"licenseConcluded\": \"NOASSERTION\", \"licenseInfoInFiles\": [\"NOASSERTION\"], \"copyrightText\": \"NOASSERTION\"}",
		ref, quote("./" $2), $3, $4)
	relate($5 in package_ref ? package_ref[$5] : "Image", "CONTAINS", ref)
}

END {
	printf "\n  ],\n  \"files\": [\n%s\n  ],\n", files
	printf "  \"hasExtractedLicensingInfos\": ["
	for (ref in ref_name)
		printf "%s\n    {\"licenseId\": %s, \"name\": %s, \"extractedText\": %s}", separator[(more++ > 0)], quote(ref), \
			quote(ref_name[ref]), quote(ref_text[ref])
	printf "],\n  \"relationships\": [\n%s\n  ]\n}\n", relations
}
