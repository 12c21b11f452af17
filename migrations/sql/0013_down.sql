DROP TABLE service, task_material;
