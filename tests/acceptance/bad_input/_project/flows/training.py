from metaflow import ComposeSettings, FlowSpec, step


class Training(FlowSpec, ComposeSettings):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Training()
