from __future__ import annotations

from integrations.ninjaone.sandbox.bodies import body_read
from integrations.ninjaone.sandbox.messages import Json, SandboxResponse, json_response
from integrations.ninjaone.sandbox.refusals import not_found
from integrations.ninjaone.sandbox.routing import WRITE, Call, route


@route("GET", "/v2/billing/products")
def product_list(call: Call) -> SandboxResponse:
    return json_response([call.world.products[key] for key in sorted(call.world.products)])


@route("GET", "/v2/billing/products/{id}")
def product_get(call: Call) -> SandboxResponse:
    return json_response(_product(call))


@route("PUT", "/v2/billing/products/{id}", WRITE)
def product_set(call: Call) -> SandboxResponse:
    """Merges what is sent; whether NinjaOne does is not known."""
    product = _product(call)
    product.update(body_read(call.request, None) | {"id": product["id"]})
    return json_response(product)


def _product(call: Call) -> Json:
    product = call.world.products.get(call.path_number())
    if product is None:
        raise not_found("Product not found")
    return product
