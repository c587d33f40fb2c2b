"""Reads YAML from standard input; writes its documents, and their faults by Kubernetes' schemas, as JSON.

check-manifests.py [VERSION…]     of Kubernetes, such as 1.37
"""

import json
import sys

import kubernetes_validate
import yaml

documents = [document for document in yaml.safe_load_all(sys.stdin) if document]
faults = []
for version in sys.argv[1:]:
    for document in documents:
        name = f"{document['kind']} {document['metadata']['name']} in {version}"
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            place = ".".join(str(step) for step in error.path)
            faults.append(f"{name}: {place}: {error.message}")
        except kubernetes_validate.SchemaNotFoundError as error:
            faults.append(f"{name}: {error.message}")
json.dump({"documents": documents, "faults": faults}, sys.stdout)
