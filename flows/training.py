"""Bound to experiments: trains a linear model on the features and the target that its settings name."""

from metaflow import ComposeSettings, FlowSpec, Parameter, current, step


class DemoTraining(FlowSpec, ComposeSettings):
    test_fraction = Parameter("test_fraction", type=float, default=ComposeSettings.settings.configuration.test_fraction)

    @step
    def start(self):
        self.show_settings(exclude_patterns=["artifact*", "system*"])
        self.next(self.get_features)

    @step
    def get_features(self):
        from warehouse import read_features

        configuration = self.settings.configuration
        self.rows, self.targets = read_features(self.settings.environment, configuration.features, configuration.target_column)
        self.next(self.train)

    @step
    def train(self):
        from sklearn.linear_model import LinearRegression
        from sklearn.metrics import mean_absolute_error, r2_score
        from sklearn.model_selection import train_test_split

        seed = self.settings.configuration.seed
        x_train, x_test, y_train, y_test = train_test_split(
            self.rows, self.targets, test_size=self.test_fraction, random_state=seed
        )
        self.model = LinearRegression(**self.settings.configuration.model).fit(x_train, y_train)
        predicted = self.model.predict(x_test)
        self.score = {"r2": float(r2_score(y_test, predicted)), "mae": float(mean_absolute_error(y_test, predicted))}
        self.next(self.end)

    @step
    def end(self):
        from warehouse import write_score

        settings = self.settings
        target = settings.configuration.target_column
        write_score(settings.environment, current.run_id, settings.artifact.binding, target, self.score)
        print(f"{settings.artifact.binding}: {target} from {', '.join(settings.configuration.features)}")
        place = f"{settings.environment.SCORE_TABLE} of {settings.environment.TARGET_DATABASE}"
        print(f"r2 {self.score['r2']:.3f}, mean absolute error {self.score['mae']:.2f}, written to {place}")


if __name__ == "__main__":
    DemoTraining()
