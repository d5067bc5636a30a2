"""Does histories of bucket operations on the S3 of moto, through boto3, and tells what it answered.

Standard input: {"histories": [[operation, ...], ...]}. Standard output: {"answers": [[answer, ...], ...]}, one for each
operation. Every history has a bucket of its own. Bodies are hex. An answer is what the operation yields, or
{"error": code}. The operations and their members are those of tests/it/conformance_bucket.rs.
"""

import json
import os
import sys

# The smallest part of a multipart upload is 5 MiB on a real server; histories are about order, not about size.
os.environ.setdefault("S3_UPLOAD_PART_MIN_SIZE", "1")
os.environ.update(
    AWS_ACCESS_KEY_ID="x",
    AWS_SECRET_ACCESS_KEY="x",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
)

import boto3  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402
from moto import mock_aws  # noqa: E402


class History:
    """One bucket, and the uploads begun in it by number."""

    def __init__(self, client, bucket):
        self.client = client
        self.bucket = bucket
        self.uploads = []
        client.create_bucket(Bucket=bucket)

    def apply(self, op):
        return getattr(self, op["op"])(op)

    def put(self, op):
        body = bytes.fromhex(op["body"])
        self.client.put_object(Bucket=self.bucket, Key=op["key"], Body=body, Metadata=op["metadata"])

    def get(self, op):
        found = self.client.get_object(Bucket=self.bucket, Key=op["key"])
        head = self.client.head_object(Bucket=self.bucket, Key=op["key"])
        body = found["Body"].read()
        assert head["ContentLength"] == len(body) and head["Metadata"] == found["Metadata"]
        return {"body": body.hex(), "metadata": found["Metadata"]}

    def delete(self, op):
        self.client.delete_object(Bucket=self.bucket, Key=op["key"])

    def copy(self, op):
        self.client.copy_object(
            Bucket=self.bucket,
            Key=op["to"],
            CopySource={"Bucket": self.bucket, "Key": op["from"]},
            Metadata=op["metadata"],
            MetadataDirective="REPLACE",
        )

    def list(self, op):
        """Pages of at most `page` lines, each merged as a client merges them."""
        asked = {"Bucket": self.bucket, "Prefix": op["prefix"], "MaxKeys": op["page"]}
        if op["delimiter"]:
            asked["Delimiter"] = "/"
        lines = []
        while True:
            page = self.client.list_objects_v2(**asked)
            here = [["object", entry["Key"], entry["Size"]] for entry in page.get("Contents", [])]
            here += [["prefix", entry["Prefix"]] for entry in page.get("CommonPrefixes", [])]
            here.sort(key=lambda line: line[1].encode())
            assert page["KeyCount"] == len(here) <= op["page"], page
            lines += here
            if not page["IsTruncated"]:
                return lines
            asked["ContinuationToken"] = page["NextContinuationToken"]

    def begin(self, op):
        begun = self.client.create_multipart_upload(
            Bucket=self.bucket, Key=op["key"], Metadata=op["metadata"]
        )
        self.uploads.append((op["key"], begun["UploadId"]))

    def upload(self, op):
        key, upload = self.uploads[op["upload"]]
        return {"Bucket": self.bucket, "Key": key, "UploadId": upload}

    def part(self, op):
        body = bytes.fromhex(op["body"])
        self.client.upload_part(**self.upload(op), PartNumber=op["number"], Body=body)

    def complete(self, op):
        parts = self.client.list_parts(**self.upload(op)).get("Parts", [])
        parts = [{"ETag": part["ETag"], "PartNumber": part["PartNumber"]} for part in parts]
        self.client.complete_multipart_upload(**self.upload(op), MultipartUpload={"Parts": parts})

    def abort(self, op):
        self.client.abort_multipart_upload(**self.upload(op))

    def uploads_open(self, op):
        found = self.client.list_multipart_uploads(Bucket=self.bucket, Prefix=op["prefix"])
        numbers = {upload: number for number, (_, upload) in enumerate(self.uploads)}
        open_ = [[entry["Key"], numbers[entry["UploadId"]]] for entry in found.get("Uploads", [])]
        return sorted(open_, key=lambda line: (line[0].encode(), line[1]))


def answer(history, op):
    try:
        return history.apply(op)
    except ClientError as error:
        return {"error": error.response["Error"]["Code"]}
    except KeyError:
        # The server itself fell over (see the known differences).
        return {"error": "KeyError"}


def main():
    asked = json.load(sys.stdin)
    with mock_aws():
        client = boto3.client("s3")
        answers = []
        for number, operations in enumerate(asked["histories"]):
            history = History(client, f"bucket-{number}")
            answers.append([answer(history, op) for op in operations])
    json.dump({"answers": answers}, sys.stdout)


if __name__ == "__main__":
    main()
