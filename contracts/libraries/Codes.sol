// SPDX-License-Identifier: Apache-2.0
// Generated from vocabulary.toml by `make generate`. Do not edit.
pragma solidity ^0.8.20;

/// @dev Why a request is permitted or denied, as `decide` answers it.
enum Reason {
    SELF, // permitted: it is the person themself
    GRANTED, // permitted: the person granted it
    PRIMARY_PHYSICIAN, // permitted: the person chose this primary physician
    MEMBER, // permitted: the person granted it to a group that this account is a member of
    BARRED, // denied: the person barred this account
    NOT_GRANTED, // denied: the person never granted anything to this grantee
    WITHDRAWN, // denied: the person withdrew the consent
    NOT_YET, // denied: the consent has not begun yet
    ENDED, // denied: the consent has ended
    NOT_PRIMARY, // denied: the person has another primary physician now
    CLASS, // denied: the consent does not cover this class of data
    USE, // denied: the consent does not cover this use
    DISEASE, // denied: the consent is for research on another disease
    NOT_GRANTEE, // denied: this account is not the one that the person named
    GROUP_SILENT, // denied: the group did not answer who its members are
    NOT_MEMBER, // denied: this account is not a member of the group at this time
    CONDITION // denied: a condition of the consent has not been attested
}

/// @dev Why a clinician breaks the glass of a person who can't be asked.
enum Emergency {
    UNCONSCIOUS, // the person is not conscious
    CANNOT_SPEAK, // the person can't make themself understood
    DANGER_TO_LIFE, // waiting for an answer would endanger life
    LASTING_HARM // waiting for an answer would do lasting harm
}

/// @title Codes
/// @notice The vocabulary: a bit for each class, use, condition and role.
/// @dev A bit keeps its meaning for ever.
library Codes {
    /* CLASSES */

    /// @dev problems and diagnoses
    uint32 internal constant PROBLEMS = 1 << 0;
    /// @dev medications
    uint32 internal constant MEDICATIONS = 1 << 1;
    /// @dev allergies
    uint32 internal constant ALLERGIES = 1 << 2;
    /// @dev immunizations
    uint32 internal constant IMMUNIZATIONS = 1 << 3;
    /// @dev laboratory results
    uint32 internal constant LABS = 1 << 4;
    /// @dev vital signs
    uint32 internal constant VITALS = 1 << 5;
    /// @dev imaging
    uint32 internal constant IMAGING = 1 << 6;
    /// @dev procedures
    uint32 internal constant PROCEDURES = 1 << 7;
    /// @dev clinical notes
    uint32 internal constant NOTES = 1 << 8;
    /// @dev encounters
    uint32 internal constant ENCOUNTERS = 1 << 9;
    /// @dev mental health
    uint32 internal constant MENTAL_HEALTH = 1 << 10;
    /// @dev sexual and reproductive health
    uint32 internal constant SEXUAL_REPRODUCTIVE = 1 << 11;
    /// @dev HIV
    uint32 internal constant HIV = 1 << 12;
    /// @dev substance use
    uint32 internal constant SUBSTANCE_USE = 1 << 13;
    /// @dev violence
    uint32 internal constant VIOLENCE = 1 << 14;
    /// @dev not classified yet
    uint32 internal constant UNCLASSIFIED = 1 << 15;
    /// @dev whole genome
    uint32 internal constant GENOME_WHOLE = 1 << 16;
    /// @dev variants panel
    uint32 internal constant GENOME_PANEL = 1 << 17;
    /// @dev pharmacogenes
    uint32 internal constant PHARMACOGENES = 1 << 18;
    /// @dev activity
    uint32 internal constant ACTIVITY = 1 << 19;
    /// @dev diet
    uint32 internal constant DIET = 1 << 20;
    /// @dev sleep
    uint32 internal constant SLEEP = 1 << 21;
    /// @dev biosignals
    uint32 internal constant BIOSIGNAL = 1 << 22;
    /// @dev location
    uint32 internal constant LOCATION = 1 << 23;
    /// @dev research extract
    uint32 internal constant RESEARCH_EXTRACT = 1 << 24;
    /// @dev Every bit that has a meaning.
    uint32 internal constant ALL_CLASSES = 0x01ffffff;

    uint32 internal constant CLINICAL = 0x000003ff;
    uint32 internal constant SENSITIVE = 0x0000fc00;
    uint32 internal constant GENOME = 0x00070000;
    uint32 internal constant LIFELOG = 0x00f80000;
    uint32 internal constant RESEARCH = 0x01000000;

    /* USES */

    /// @dev treatment (HL7 v3 PurposeOfUse TREAT)
    uint16 internal constant TREAT = 1 << 0;
    /// @dev emergency treatment (HL7 v3 PurposeOfUse ETREAT)
    uint16 internal constant ETREAT = 1 << 1;
    /// @dev coordination of care (HL7 v3 PurposeOfUse COC)
    uint16 internal constant COC = 1 << 2;
    /// @dev at the patient's request (HL7 v3 PurposeOfUse PATRQT)
    uint16 internal constant PATRQT = 1 << 3;
    /// @dev payment of care (HL7 v3 PurposeOfUse HPAYMT)
    uint16 internal constant HPAYMT = 1 << 4;
    /// @dev public health (HL7 v3 PurposeOfUse PUBHLTH)
    uint16 internal constant PUBHLTH = 1 << 5;
    /// @dev any use (no restriction) (GA4GH DUO DUO:0000004)
    uint16 internal constant NRES = 1 << 6;
    /// @dev general research (GA4GH DUO DUO:0000042)
    uint16 internal constant GRU = 1 << 7;
    /// @dev health, medical and biomedical research (GA4GH DUO DUO:0000006)
    uint16 internal constant HMB = 1 << 8;
    /// @dev research on one disease (GA4GH DUO DUO:0000007)
    uint16 internal constant DS = 1 << 9;
    /// @dev population origins and ancestry research (GA4GH DUO DUO:0000011)
    uint16 internal constant POA = 1 << 10;
    /// @dev Every bit that has a meaning.
    uint16 internal constant ALL_USES = 0x07ff;

    /* CONDITIONS */

    /// @dev not-for-profit organisations only (DUO:0000045)
    uint24 internal constant NPU = 1 << 0;
    /// @dev non-commercial use only (DUO:0000046)
    uint24 internal constant NCU = 1 << 1;
    /// @dev not-for-profit, non-commercial use only (DUO:0000018)
    uint24 internal constant NPUNCU = 1 << 2;
    /// @dev ethics approval required (DUO:0000021)
    uint24 internal constant IRB = 1 << 3;
    /// @dev results must be published (DUO:0000019)
    uint24 internal constant PUB = 1 << 4;
    /// @dev results must be returned (DUO:0000029)
    uint24 internal constant RTN = 1 << 5;
    /// @dev no general methods research (DUO:0000015)
    uint24 internal constant NMDS = 1 << 6;
    /// @dev genetic studies only (DUO:0000016)
    uint24 internal constant GSO = 1 << 7;
    /// @dev no ancestry research (DUO:0000044)
    uint24 internal constant NPOA = 1 << 8;
    /// @dev clinical care use (DUO:0000043)
    uint24 internal constant CC = 1 << 9;
    /// @dev no attempt to re-identify (Aceso)
    uint24 internal constant NRI = 1 << 10;
    /// @dev Every bit that has a meaning.
    uint24 internal constant ALL_CONDITIONS = 0x0007ff;

    /* ROLES */

    /// @dev issuer of records
    uint32 internal constant ISSUER = 1 << 0;
    /// @dev physician
    uint32 internal constant PHYSICIAN = 1 << 1;
    /// @dev emergency clinician
    uint32 internal constant EMERGENCY_CLINICIAN = 1 << 2;
    /// @dev researcher
    uint32 internal constant RESEARCHER = 1 << 3;
    /// @dev custodian
    uint32 internal constant CUSTODIAN = 1 << 4;
    /// @dev data station
    uint32 internal constant STATION = 1 << 5;
    /// @dev insurer
    uint32 internal constant INSURER = 1 << 6;
    /// @dev supplier
    uint32 internal constant SUPPLIER = 1 << 7;
    /// @dev pharmacy
    uint32 internal constant PHARMACY = 1 << 8;
    /// @dev ethics board
    uint32 internal constant ETHICS_BOARD = 1 << 9;
    /// @dev evaluator
    uint32 internal constant EVALUATOR = 1 << 10;
    /// @dev Every bit that has a meaning.
    uint32 internal constant ALL_ROLES = 0x000007ff;

    /* RULES */

    /// @notice The uses of a grant that cover a request for exactly the one use `use`.
    /// @dev 0 for anything that is not exactly one known use, so that it matches no grant.
    function allowedBy(uint16 use) internal pure returns (uint16) {
        if (use == TREAT) return TREAT;
        if (use == HMB) return HMB | GRU | NRES;
        if (use == GRU) return GRU | NRES;
        if (use == DS) return DS | HMB | GRU | NRES;
        if (use == POA) return POA | GRU | NRES;
        // One bit of those that only they themselves cover: ETREAT | COC | PATRQT | HPAYMT | PUBHLTH | NRES.
        unchecked {
            if (use & 0xff81 == 0 && use & (use - 1) == 0) return use;
        }
        return 0;
    }

    /// @notice The longest time, in seconds, for which `uses` may be granted together.
    /// @dev That of the strictest; 0 when no use is named, or an unknown one.
    function maxDuration(uint16 uses) internal pure returns (uint40) {
        if (uses & 0xf800 != 0) return 0;
        // COC | PATRQT | HPAYMT | PUBHLTH
        if (uses & 0x003c != 0) return 366 days;
        // TREAT | NRES | GRU | HMB | DS | POA
        if (uses & 0x07c1 != 0) return 1827 days;
        // ETREAT
        if (uses & 0x0002 != 0) return 3653 days;
        return 0;
    }
}
