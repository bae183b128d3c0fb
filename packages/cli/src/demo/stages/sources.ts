import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { CreateDataSourceDocument } from '@falaj/client';
import { need, type Stage } from '../journey.js';

/** Real data as a user would bring it: files in the landing folder, registered with zone, category and column classes. */
export const sources: Stage = {
  title: 'data sources',
  async run(journey) {
    const { client } = need(journey.actors, 'engineer');
    const folder = journey.label;
    mkdirSync(join(journey.landing, folder), { recursive: true });
    const sample = dirname(createRequire(import.meta.url).resolve('vega-datasets/package.json'));
    const land = (file: string) => {
      copyFileSync(join(sample, 'data', file), join(journey.landing, folder, file));
      return `${folder}/${file}`;
    };
    const register = async (input: Parameters<typeof client.data<never, never>>[1] & object) => {
      const { createDataSource } = await client.data(CreateDataSourceDocument, { input: input as never });
      return need(createDataSource, 'dataSource');
    };
    const flights = await register({ name: 'flights', format: 'JSON', path: land('flights-20k.json'), zone: 'AE', categories: ['none'] });
    const airports = await register({
      name: 'airports',
      format: 'CSV',
      path: land('airports.csv'),
      zone: 'AE',
      categories: ['none'],
      // The sample holds no personal data: this column stands in for one, to show what masking does.
      columnClasses: [{ column: 'name', fieldClass: 'pii' }],
    });
    journey.ids.flights = flights.id;
    journey.ids.airports = airports.id;
    return `${flights.rows} flights, ${airports.rows} airports, zone AE, 1 column tagged pii`;
  },
};
