DROP TABLE expert_term, expert, institution_agreement, institution, contribution_wage, enrolment, insured_unit_detail,
    insured_unit, employer_detail, employer, insured_person_detail, insured_person, registry_import, registry_file;
DROP FUNCTION public.fence_registry_import_lawful(), public.fence_registry_row_lawful(),
    public.fence_registry_correction();
