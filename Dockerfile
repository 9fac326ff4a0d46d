# Two images, for docker, podman or buildah; docs/docker.md says how to run them.
#
#   docker build -t colorgan .                                                                # the app and `colorize`
#   docker build -t colorgan-train --target train .                                           # all commands, on the CPU
#   docker build -t colorgan-train --target train --build-arg TORCH_BACKEND=cu130 .           # and on NVIDIA GPUs

FROM python:3.13-slim-trixie AS base
ENV PATH=/opt/colorgan/bin:$PATH \
    PYTHONUNBUFFERED=1
# any user may run the images (docker run --user), so their home folder is for all
RUN useradd --uid 1000 --create-home colorgan && mkdir /home/colorgan/.cache && chmod 1777 /home/colorgan /home/colorgan/.cache
ENV HOME=/home/colorgan
LABEL org.opencontainers.image.title=colorgan \
      org.opencontainers.image.licenses=Apache-2.0

# What is installed is built in stages of its own, whose caches and sources stay behind.
FROM base AS build
RUN python -m venv /opt/colorgan
WORKDIR /source

FROM build AS light
COPY requirements-light.txt ./
RUN pip install --no-cache-dir -r requirements-light.txt
COPY pyproject.toml setup.py MANIFEST.in README.md LICENSE ./
COPY colorgan colorgan
COPY checkpoints checkpoints
RUN pip install --no-cache-dir --no-deps .

FROM build AS full
# cpu, or a version of CUDA such as cu130, which must not be newer than the driver; `uv pip install --help` lists all
ARG TORCH_BACKEND=cpu
ENV UV_TORCH_BACKEND=$TORCH_BACKEND \
    VIRTUAL_ENV=/opt/colorgan
RUN pip install --no-cache-dir 'uv>=0.8'
# the dependencies alone, which change less often than the sources
COPY pyproject.toml ./
RUN uv pip install --no-cache -r pyproject.toml --extra app --extra export --extra film --extra heic
COPY setup.py MANIFEST.in README.md LICENSE requirements-light.txt ./
COPY colorgan colorgan
COPY checkpoints checkpoints
RUN uv pip install --no-cache --no-deps .

FROM base AS train
COPY --from=full /opt/colorgan /opt/colorgan
COPY configs /configs
WORKDIR /work
RUN chown colorgan: /work
USER 1000:1000
ENTRYPOINT ["colorgan"]
CMD ["fit", "-c", "/configs/quickstart.yaml"]
HEALTHCHECK NONE

FROM base AS app
COPY --from=light /opt/colorgan /opt/colorgan
WORKDIR /work
RUN chown colorgan: /work
USER 1000:1000
EXPOSE 7860
ENTRYPOINT ["colorgan"]
CMD ["app", "--host", "0.0.0.0", "--no-browser"]
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/', timeout=8)"]
